"""The list of what waits: each request on a row, with what makes it easy or hard."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from booking.approvals.asked import Asked, asked_of
from booking.approvals.queries import Background
from booking.approvals.words import conflict, who_asks
from booking.core import clock
from booking.core.i18n import _, format_ago, ngettext
from booking.core.intervals import LocalInterval
from booking.core.schema import written
from booking.reservations.queries import Details
from booking.reservations.questions import Exchange


@dataclass(frozen=True)
class Tag:
    """A few words with a tone and an icon."""

    label: str
    tone: str
    icon: str


@dataclass(frozen=True)
class Row:
    """One request of the list."""

    public_id: str
    version: int
    who: str
    person: str  # empty where the person is who asks
    asked: Asked
    tags: tuple[Tag, ...]
    age: str
    asked_at: str
    is_selected: bool


@dataclass(frozen=True)
class Contest:
    """Requests of the list for one time, which are decided together. The one with most
    rivals shows them side by side."""

    public_id: str
    label: str


@dataclass(frozen=True)
class Repeated:
    """Dates of the list that are of one series, which can be decided together."""

    public_id: str
    label: str


@dataclass(frozen=True)
class Group:
    """One request, several that contest a time, or several dates of one series."""

    rows: tuple[Row, ...]
    contest: Contest | None = None
    repeated: Repeated | None = None


def groups_of(
    rows: Sequence[Row], waiting: Sequence[Details], background: Background
) -> list[Group]:
    """The rows in their order; those that contest a time, and then those of one series, stand
    together, where the first does."""
    row_of = {row.public_id: row for row in rows}
    rivals_of = _rivals_within(waiting, background)
    placed: set[str] = set()
    groups = []
    for row in rows:
        if row.public_id not in placed:
            together = _reached_from(row.public_id, rivals_of)
            placed.update(together)
            groups.append(_group([one for one in row_of if one in together], row_of, rivals_of))
    return _by_series(groups, {one.public_id: one.series for one in waiting})


def _by_series(groups: Sequence[Group], series_of: Mapping[str, str | None]) -> list[Group]:
    """Single requests of one series become one group."""
    rows_of_series: dict[str, list[Row]] = {}
    for group in groups:
        series = series_of[group.rows[0].public_id]
        if series is not None and group.contest is None:
            rows_of_series.setdefault(series, []).append(group.rows[0])
    found = []
    for group in groups:
        series = series_of[group.rows[0].public_id]
        rows = [] if series is None or group.contest is not None else rows_of_series[series]
        if len(rows) < 2:
            found.append(group)
        elif rows[0] is group.rows[0]:
            label = ngettext(
                "%(num)s date of a recurring reservation",
                "%(num)s dates of a recurring reservation",
                len(rows),
            )
            found.append(Group(tuple(rows), repeated=Repeated(series or "", label)))
    return found


def _rivals_within(waiting: Sequence[Details], background: Background) -> dict[str, set[str]]:
    """The rivals of each that wait in the same list; who is one's rival has one."""
    found: dict[str, set[str]] = {one.public_id: set() for one in waiting}
    for one in waiting:
        for rival in background.rivals.get(one.id, ()):
            if rival.public_id in found:
                found[one.public_id].add(rival.public_id)
                found[rival.public_id].add(one.public_id)
    return found


def _reached_from(first: str, rivals_of: Mapping[str, set[str]]) -> set[str]:
    reached, ahead = {first}, [first]
    while ahead:
        new = rivals_of[ahead.pop()] - reached
        reached |= new
        ahead += new
    return reached


def _group(
    together: Sequence[str], row_of: Mapping[str, Row], rivals_of: Mapping[str, set[str]]
) -> Group:
    rows = tuple(row_of[one] for one in together)
    if len(rows) == 1:
        return Group(rows)
    label = ngettext("%(num)s request for one time", "%(num)s requests for one time", len(rows))
    return Group(rows, Contest(max(together, key=lambda one: len(rivals_of[one])), label))


def rows_of(
    waiting: Sequence[Details], background: Background, selected: Details | None
) -> tuple[Row, ...]:
    """The rows in the order of the list."""
    return tuple(_row(request, background, request is selected) for request in waiting)


def tags_of(request: Details, asked: Asked, background: Background) -> tuple[Tag, ...]:
    """What is special about a request, what hinders it first."""
    return tuple(_tags(request, asked, background))


def _row(request: Details, background: Background, is_selected: bool) -> Row:
    asked = asked_of(request)
    return Row(
        public_id=request.public_id,
        version=request.version,
        who=who_asks(request),
        person="" if request.organisation is None else request.person.name,
        asked=asked,
        tags=tags_of(request, asked, background),
        age=format_ago(asked.asked_at, clock.now()),
        asked_at=written(asked.asked_at),
        is_selected=is_selected,
    )


def _tags(request: Details, asked: Asked, background: Background) -> Iterator[Tag]:
    claims = background.conflicts.get(request.id, ())
    for claim in claims[:1]:
        local = LocalInterval.of(claim.interval, asked.local.zone)
        yield Tag(conflict(claim, local, asked.local.starts_at), "bad", "triangle-alert")
    if not claims:
        yield Tag(_("No conflict"), "good", "check")
    rivals = len(background.rivals.get(request.id, ()))
    if rivals:
        yield Tag(
            ngettext("%(num)s other request", "%(num)s other requests", rivals), "warn", "users"
        )
    if asked.is_change:
        yield Tag(_("Change of a confirmed reservation"), "neutral", "calendar-sync")
    elif request.id in background.newcomers:
        yield Tag(_first_booking(request), "neutral", "info")
    exchanges = background.exchanges.get(request.id)
    if exchanges:
        yield _discussed(exchanges[-1])
    if asked.is_urgent:
        left = format_ago(asked.decide_by, clock.now())
        yield Tag(_("Expires %(in_time)s", in_time=left), "warn", "clock-alert")


def _discussed(last: Exchange) -> Tag:
    if last.is_open:
        return Tag(_("Question open"), "neutral", "circle-question-mark")
    return Tag(_("Answered"), "brand", "reply")


def _first_booking(request: Details) -> str:
    if request.organisation is None:
        return _("First reservation of this person")
    return _("First reservation of this organisation")
