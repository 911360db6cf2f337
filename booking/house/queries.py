"""Reading the house's settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Row, select

from booking.core import web
from booking.core.database import execute, session
from booking.core.i18n import name_in
from booking.house.models import THE_HOUSE, House
from booking.house.rules import Retention
from booking.spaces.models import Site


@dataclass(frozen=True)
class Brand:
    """What the frame of every page needs: name and logo, and the day with which weeks begin."""

    names: Mapping[str, str] = field(default_factory=dict)
    logo_digest: str | None = None
    first_weekday: int = 0


@dataclass(frozen=True)
class DataController:
    """Who answers for personal data, and where people turn to."""

    name: str = ""
    address: str = ""
    contact: str = ""
    cndp_receipt: str = ""


@dataclass(frozen=True)
class HouseSettings:
    """All of it."""

    names: Mapping[str, str]
    legal_notice: Mapping[str, str]
    controller: DataController
    retention: Retention
    has_logo: bool


_BRAND = (
    select(Site.names, House.logo_digest, Site.first_weekday)
    .outerjoin(House, House.id == THE_HOUSE)
    .order_by(Site.id)
    .limit(1)
)


def brand() -> Brand:
    """The frame's own; without a site there is nothing."""
    row = execute(_BRAND).first()
    return Brand() if row is None else Brand(row.names, row.logo_digest, row.first_weekday)


def park_name() -> str:
    """The park's name in the current language; before `flask setup`, what it would be called."""
    return name_in(brand().names) or web.settings().site_name


def logo(digest: str) -> bytes | None:
    """The WebP file with that digest: what is served under one address never changes."""
    return session().scalar(select(House.logo).where(House.logo_digest == digest))


def house() -> HouseSettings:
    """Every setting; what was never set has its default."""
    columns = [column for column in House.__table__.columns if column.name != "logo"]
    row = session().execute(select(*columns).where(House.id == THE_HOUSE)).first()
    site = session().execute(select(Site.names, Site.legal_notice).order_by(Site.id)).first()
    return HouseSettings(
        names={} if site is None else site.names,
        legal_notice={} if site is None else site.legal_notice,
        controller=_controller(row),
        retention=_retention(row),
        has_logo=row is not None and row.logo_digest is not None,
    )


def controller() -> DataController:
    """Who answers for personal data."""
    return house().controller


def retention() -> Retention:
    """How long data is kept."""
    return house().retention


def _controller(row: Row[*tuple[object, ...]] | None) -> DataController:
    if row is None:
        return DataController()
    return DataController(
        row.controller, row.controller_address, row.privacy_contact, row.cndp_receipt
    )


def _retention(row: Row[*tuple[object, ...]] | None) -> Retention:
    if row is None:
        return Retention()
    return Retention(
        row.keep_closed_accounts_months,
        row.keep_purposes_months,
        row.keep_messages_days,
        row.keep_sign_ins_days,
        row.keep_views_months,
        row.keep_journal_years,
    )
