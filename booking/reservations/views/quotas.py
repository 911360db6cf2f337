"""The page of quotas: what of each is used, by oneself and by one's organisations, or by others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import render_template, request
from flask.typing import ResponseReturnValue

from booking.core import schema
from booking.core.errors import InvalidError, NotFoundError
from booking.core.i18n import _, format_day, name_in
from booking.core.permissions import Action, Actor
from booking.core.refusals import QuotaExceeded, QuotaOf, QuotaPeriod
from booking.core.web import acts, current_actor
from booking.people.viewings import note_view
from booking.policies.words import quota
from booking.reservations import balances, quota_texts
from booking.reservations.balances import Standing
from booking.reservations.views.blueprint import pages
from booking.reservations.views.tabs import tabs


@dataclass(frozen=True)
class Line:
    """One limit: of whom, in which period, how much of it is used, and when there is room again."""

    icon: str
    whose: str
    name: str
    when: str
    used: str
    again: str
    is_full: bool


@dataclass(frozen=True)
class Card:
    """A resource group, and where its limits stand."""

    title: str
    sentences: tuple[str, ...]
    lines: tuple[Line, ...]


@pages.get("/reservations/quotas")
@acts(Action.SEE_RESERVATIONS)
def quotas() -> ResponseReturnValue:
    """One's own, or with a person or an organisation in the address theirs."""
    actor = current_actor()
    person, organisation = request.args.get("person"), request.args.get("organisation")
    found = _standings(actor, person, organisation)
    is_own = person is None and organisation is None
    return render_template(
        "reservations/quotas.html",
        page_title=_("My quotas") if is_own else _("Quotas"),
        tabs=tabs("quotas") if is_own else (),
        cards=_cards(found),
        of=None if is_own or not found else found[0].of.name,
    )


def _standings(actor: Actor, person: str | None, organisation: str | None) -> list[Standing]:
    try:
        if person is not None:
            found = balances.of_person(actor, schema.public_id("person", person))
            for subject_id in {one.subject_id for one in found}:
                note_view(actor, subject_id)
            return found
        if organisation is not None:
            return balances.of_organisation(actor, schema.public_id("organisation", organisation))
    except InvalidError as error:
        raise NotFoundError from error
    return balances.of_actor(actor)


def _cards(found: Sequence[Standing]) -> list[Card]:
    by_group: dict[int, list[Standing]] = {}
    for one in found:
        by_group.setdefault(one.policy_id, []).append(one)
    return [
        Card(
            name_in(group[0].names),
            tuple(dict.fromkeys(quota(one.balance.quota) for one in group)),
            tuple(_line(one, facts) for one in group for facts in one.balance.told),
        )
        for group in by_group.values()
    ]


def _line(standing: Standing, facts: QuotaExceeded) -> Line:
    is_person = facts.whose is QuotaOf.PERSON
    return Line(
        icon="user" if is_person else "building-2",
        whose=quota_texts.label(facts.whose),
        name=standing.of.name,
        when=quota_texts.when(facts),
        used=quota_texts.used(facts),
        again=_again(facts),
        is_full=facts.used >= facts.limit,
    )


def _again(facts: QuotaExceeded) -> str:
    if facts.frees_on is None:
        return ""
    day = format_day(facts.frees_on)
    if facts.period is QuotaPeriod.AHEAD:
        return _("The first begins on %(day)s.", day=day)
    return _("Counts anew from %(day)s.", day=day)
