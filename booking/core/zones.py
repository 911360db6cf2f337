"""Wall clocks and instants: what a time zone says, always from our own zone data."""

import zoneinfo
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import tzdata  # type: ignore[import-untyped]  # the package ships no types
from babel.dates import get_timezone

from booking.core.instants import Interval

# The years people may name; outside of them dates overflow, and nobody books there.
EARLIEST_YEAR, LATEST_YEAR = 2000, 2100

# Morocco went to permanent UTC+0 on 2026-09-20; older zone files are an hour off from then on.
_WITNESS_ZONE = "Africa/Casablanca"
_WITNESS_INSTANT = datetime(2026, 10, 1, 12, tzinfo=UTC)
_WITNESS_OFFSET = timedelta(0)


class StaleZoneDataError(RuntimeError):
    """The installed zone data is older than the law; nothing may start with it."""


class UnknownZoneError(LookupError):
    """No time zone has this name."""

    def __init__(self, zone_name: str) -> None:
        super().__init__(f"no time zone is named {zone_name!r}")
        self.zone_name = zone_name


class NonexistentTimeError(ValueError):
    """The clocks of the zone jump over this wall clock time."""

    def __init__(self, local: datetime, zone_name: str) -> None:
        super().__init__(f"{local:%Y-%m-%d %H:%M} does not exist in {zone_name}")
        self.local = local
        self.zone_name = zone_name


def prepare() -> None:
    """Refuse to go on with zone data that is older than the law."""
    _read_own_data_only()
    if _WITNESS_INSTANT.astimezone(ZoneInfo(_WITNESS_ZONE)).utcoffset() != _WITNESS_OFFSET:
        raise StaleZoneDataError(_advice("tzdata"))
    # Babel reads zones from pytz where that is installed, so Babel is asked, not zoneinfo again.
    if _WITNESS_INSTANT.astimezone(get_timezone(_WITNESS_ZONE)).utcoffset() != _WITNESS_OFFSET:
        raise StaleZoneDataError(_advice("pytz"))


def _read_own_data_only() -> None:
    """Python prefers the system's zone files, often years old, and keeps what it has read."""
    zoneinfo.reset_tzpath(to=[])
    ZoneInfo.clear_cache()


# On import too, so that no zone is made from the system's files before the program starts.
_read_own_data_only()


def _advice(package: str) -> str:
    return (
        f"The zone data of the package {package} is too old: on {_WITNESS_INSTANT:%Y-%m-%d}"
        f" {_WITNESS_ZONE} must be at UTC+0. Install a newer one with"
        f" 'pip install --upgrade \"{package}>=2026.6\"' and start again."
    )


def zone(name: str) -> ZoneInfo:
    """The zone of this IANA name; UnknownZoneError for any other text."""
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError) as error:
        raise UnknownZoneError(name) from error


def version() -> str:
    """The release of the zone data in use, such as 2026c."""
    release: str = tzdata.IANA_VERSION
    return release


def to_instant(local: datetime, zone: ZoneInfo) -> datetime:
    """The instant of a wall clock time.

    A time that happens twice means the first, unless its fold says the second. A time that the
    clocks jump over raises NonexistentTimeError.
    """
    instant = _as_if_it_existed(local, zone)
    if to_local(instant, zone) != local:
        raise NonexistentTimeError(local, str(zone))
    return instant


def to_end_instant(local: datetime, zone: ZoneInfo) -> datetime:
    """The instant of a wall clock end.

    As to_instant, but the very moment of a jump is a good end: until 24:00 on the eve of a day
    without midnight misses nothing.
    """
    instant = _as_if_it_existed(local, zone)
    if to_local(instant - timedelta(seconds=1), zone) == local - timedelta(seconds=1):
        return instant
    return to_instant(local, zone)


def to_local(instant: datetime, zone: ZoneInfo) -> datetime:
    """The naive wall clock time at an instant; its fold tells the second from the first."""
    return instant.astimezone(zone).replace(tzinfo=None)


def reached(local: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which the clocks reach a wall clock time, or jump over it."""
    instant = _as_if_it_existed(local, zone)
    if to_local(instant, zone) == local:
        return instant
    return _jump_over(local, zone)


def day_bounds(day: date, zone: ZoneInfo) -> Interval:
    """The whole day, from its first instant, which need not be midnight, to the next day's."""
    midnight = datetime.combine(day, time.min)
    starts_at = reached(midnight, zone)
    ends_at = reached(midnight + timedelta(days=1), zone)
    if ends_at == starts_at:
        raise NonexistentTimeError(midnight, str(zone))
    return Interval(starts_at, ends_at)


def running_step(now: datetime, zone: ZoneInfo, granularity: int) -> datetime:
    """The start of the step of the day's grid that runs now; steps count from local midnight."""
    local = to_local(now, zone)
    into_the_step = timedelta(
        minutes=(local.hour * 60 + local.minute) % granularity,
        seconds=local.second,
        microseconds=local.microsecond,
    )
    return now - into_the_step


def offset(instant: datetime, zone: ZoneInfo) -> str:
    """The distance from UTC at an instant, written +01:00."""
    distance = instant.astimezone(zone).utcoffset() or timedelta(0)
    sign = "-" if distance < timedelta(0) else "+"
    hours, minutes = divmod(abs(distance) // timedelta(minutes=1), 60)
    return f"{sign}{hours:02}:{minutes:02}"


def _as_if_it_existed(local: datetime, zone: ZoneInfo) -> datetime:
    if local.tzinfo is not None:
        raise ValueError("a wall clock time carries no zone of its own")
    return local.replace(tzinfo=zone).astimezone(UTC)


def _jump_over(local: datetime, zone: ZoneInfo) -> datetime:
    """The instant of the jump: the first one with the later offset, found by halving."""
    before = _as_if_it_existed(local.replace(fold=1), zone) - timedelta(seconds=1)
    after = _as_if_it_existed(local.replace(fold=0), zone)
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // timedelta(seconds=2) * timedelta(seconds=1)
        if to_local(middle, zone) < local:
            before = middle
        else:
            after = middle
    return after
