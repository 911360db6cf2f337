"""The endpoints of the settings."""

from __future__ import annotations

from dataclasses import asdict

import msgspec
from flask import Blueprint, Response

from booking.core import listing
from booking.core.permissions import Action
from booking.core.schema import Nothing, body, describes, query
from booking.core.web import acts, current_actor
from booking.house import queries, service
from booking.house.rules import Retention

blueprint = Blueprint("house_api", __name__, url_prefix="/api/v1")


class ControllerShown(msgspec.Struct, forbid_unknown_fields=True):
    """Who answers for personal data."""

    name: str = ""
    address: str = ""
    contact: str = ""
    cndp_receipt: str = ""


class RetentionShown(msgspec.Struct, forbid_unknown_fields=True):
    """How long data is kept; null means for ever."""

    closed_accounts_months: int | None
    purposes_months: int | None
    messages_days: int | None
    sign_ins_days: int | None
    views_months: int | None
    journal_years: int | None


class SettingsShown(msgspec.Struct):
    """What the house says of itself."""

    names: dict[str, str]
    legal_notice: dict[str, str]
    controller: ControllerShown
    retention: RetentionShown
    has_logo: bool


class ChangedSettings(msgspec.Struct, forbid_unknown_fields=True):
    """The body of PATCH /settings: each part is replaced as a whole."""

    names: dict[str, str] | None = None
    legal_notice: dict[str, str] | None = None
    controller: ControllerShown | None = None
    retention: RetentionShown | None = None


@blueprint.get("/settings")
@acts(Action.OPERATE)
@describes(query=Nothing, answer=SettingsShown)
def show() -> Response:
    """Name, legal notice, who answers for data, how long it is kept."""
    query(Nothing)
    return _answer()


@blueprint.patch("/settings")
@acts(Action.OPERATE)
@describes(body=ChangedSettings, answer=SettingsShown)
def change() -> Response:
    """Replace the parts that are named, all or none."""
    service.change(current_actor(), _changes(body(ChangedSettings)))
    return _answer()


def _changes(asked: ChangedSettings) -> service.Changes:
    return service.Changes(
        names=asked.names,
        legal_notice=asked.legal_notice,
        controller=None
        if asked.controller is None
        else queries.DataController(**msgspec.structs.asdict(asked.controller)),
        retention=None
        if asked.retention is None
        else Retention(**msgspec.structs.asdict(asked.retention)),
    )


def _answer() -> Response:
    found = queries.house()
    return listing.read(
        {
            "names": dict(found.names),
            "legal_notice": dict(found.legal_notice),
            "controller": asdict(found.controller),
            "retention": asdict(found.retention),
            "has_logo": found.has_logo,
        }
    )
