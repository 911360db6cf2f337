"""Changing what the house says of itself, and trying whether its mail goes out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from booking.core import clock, ids
from booking.core.database import engine_name, session, transactional
from booking.core.errors import InvalidError, NotFoundError, Problem
from booking.core.permissions import Action, Actor, require
from booking.core.texts import checked_names, checked_text
from booking.house import queries
from booking.house.models import THE_HOUSE, House
from booking.house.queries import DataController
from booking.house.rules import LIMITS, Retention
from booking.journal import service as journal
from booking.messages import service as planner
from booking.messages.letters import Key
from booking.messages.models import MessageKind
from booking.spaces import pictures
from booking.spaces.models import Site

LONGEST_NAME = 80
LONGEST_NOTICE = 1000


@transactional
def change_brand(actor: Actor, names: Mapping[str, str]) -> None:
    """The park's name by language; raises InvalidError for `names`."""
    require(actor, Action.OPERATE)
    found = checked_names("names", names, LONGEST_NAME)
    _change_site(names=found)
    _write(actor, "brand_changed")


def change_logo(actor: Actor, data: bytes) -> None:
    """Another logo, written anew before the transaction; raises InvalidError for `logo`."""
    require(actor, Action.OPERATE)
    _store_logo(actor, pictures.render(data, "logo").small)


@transactional
def remove_logo(actor: Actor) -> None:
    """The star of the program stands in its place again."""
    require(actor, Action.OPERATE)
    _change_house(logo=None, logo_digest=None)
    _write(actor, "logo_removed")


@transactional
def change_legal_notice(actor: Actor, notice: Mapping[str, str]) -> None:
    """What stands wherever data is collected; raises InvalidError for `legal_notice`."""
    require(actor, Action.OPERATE)
    found = checked_names("legal_notice", notice, LONGEST_NOTICE, required=False)
    _change_site(legal_notice=found)
    _write(actor, "legal_notice_changed")


@transactional
def change_controller(actor: Actor, controller: DataController) -> None:
    """Who answers for personal data; raises InvalidError for its fields."""
    require(actor, Action.OPERATE)
    _change_house(
        controller=checked_text("name", controller.name, 200),
        controller_address=checked_text("address", controller.address, 300),
        privacy_contact=checked_text("contact", controller.contact, 254),
        cndp_receipt=checked_text("cndp_receipt", controller.cndp_receipt, 80),
    )
    _write(actor, "controller_changed")


@transactional
def change_retention(actor: Actor, retention: Retention) -> None:
    """How long data is kept; raises InvalidError for what lies outside of its limits."""
    require(actor, Action.OPERATE)
    wanted = asdict(retention)
    wrong = {
        name: Problem.OUT_OF_RANGE
        for name, number in wanted.items()
        if number is not None and not LIMITS[name][0] <= number <= LIMITS[name][1]
    }
    if wrong:
        raise InvalidError(dict(wrong))
    before = asdict(queries.retention())
    _change_house(**{f"keep_{name}": number for name, number in wanted.items()})
    journal.write(
        actor,
        "retention_changed",
        subject_kind="site",
        subject_id="1",
        before=before,
        after=wanted,
    )


@dataclass(frozen=True)
class Changes:
    """Which parts shall be others; None leaves one as it is."""

    names: Mapping[str, str] | None = None
    legal_notice: Mapping[str, str] | None = None
    controller: DataController | None = None
    retention: Retention | None = None


@transactional
def change(actor: Actor, changes: Changes) -> None:
    """Several parts at once, all or none; raises InvalidError for the fields of each."""
    require(actor, Action.OPERATE)
    if changes.names is not None:
        change_brand(actor, changes.names)
    if changes.legal_notice is not None:
        change_legal_notice(actor, changes.legal_notice)
    if changes.controller is not None:
        change_controller(actor, changes.controller)
    if changes.retention is not None:
        change_retention(actor, changes.retention)


@transactional
def try_mail(actor: Actor) -> str:
    """Plan a message to the actor on the way that all messages take; its subject."""
    require(actor, Action.OPERATE)
    subject = ids.new_public_id()
    planner.plan([Key(MessageKind.TEST, subject, 0, actor.person_id, clock.now())])
    _write(actor, "mail_tried")
    return subject


@transactional
def _store_logo(actor: Actor, picture: bytes) -> None:
    digest = hashlib.sha256(picture).hexdigest()[:16]
    _change_house(logo=picture, logo_digest=digest)
    _write(actor, "logo_changed")


def _change_site(**values: object) -> None:
    site_id = session().scalar(select(Site.id).order_by(Site.id).limit(1))
    if site_id is None:
        raise NotFoundError  # `flask setup` makes it
    session().execute(update(Site).where(Site.id == site_id).values(**values))


def _change_house(**values: object) -> None:
    """Write these; the first time the row is made with the defaults of everything else."""
    defaults = {f"keep_{name}": number for name, number in asdict(Retention()).items()}
    texts = dict.fromkeys(
        ("controller", "controller_address", "privacy_contact", "cndp_receipt"), ""
    )
    dialect = sqlite if engine_name() == "sqlite" else postgresql
    session().execute(
        dialect.insert(House.__table__)
        .values({"id": THE_HOUSE, **defaults, **texts, **values})
        .on_conflict_do_update(index_elements=["id"], set_=values)
    )


def _write(actor: Actor, act: str) -> None:
    journal.write(actor, act, subject_kind="site", subject_id="1")
