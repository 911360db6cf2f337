"""The menu: what each reader comes for, in the order in which a phone shows the first four."""

from __future__ import annotations

from collections.abc import Iterator

from flask import g, request, url_for

from booking.approvals import queries as approvals
from booking.core import web
from booking.core.i18n import _, pgettext
from booking.core.permissions import Action, Actor, allows
from booking.frame import NavigationEntry

OPERATORS = ("park.", "operator.", "holidays.")  # how the endpoints of the operator's pages begin


def entries() -> list[NavigationEntry]:
    """The menu of whoever reads this page; past the fourth they have no room on a phone and stand
    on the profile page."""
    actor = web.current_actor_or_none()
    if actor is None:
        return []
    today = _entry("today.show", "house", _("Today"))
    find = _entry("finding.show", "search", _("Find a place"))
    planning = _entry("planning.day", "calendar-days", _("Planning"))
    mine = _entry(
        "reservations.mine",
        "calendar-check",
        pgettext("menu", "My reservations"),
        within=("reservations.", "series.", "groups.show"),
    )
    duties = [*_requests(actor), *_arrivals(actor)]
    found = [today, planning, *duties[:1], mine, find] if duties else [today, find, planning, mine]
    found += duties[1:]
    if actor.memberships:
        found.append(_entry("organisation.mine", "users", _("My organisation")))
    if allows(actor, Action.CLOSE_SPACES):
        found.append(_entry("closures.index", "wrench", _("Closures")))
    if allows(actor, Action.AUTHORISE) and not allows(actor, Action.OPERATE):
        found.append(_entry("authorisations.index", "shield-check", _("Authorisations")))
    if allows(actor, Action.SEE_FIGURES):
        belong = ("reports.", "unmet.")
        found.append(_entry("reports.show", "chart-column", _("Figures"), within=belong))
    if allows(actor, Action.OPERATE):
        found.append(_entry("park.show", "building-2", _("The park"), within=OPERATORS))
    else:
        found += _for_auditors(actor)
    return found


def _requests(actor: Actor) -> Iterator[NavigationEntry]:
    if allows(actor, Action.SEE_APPROVALS):
        yield _entry("approvals.list", "inbox", _("Requests"), count=waiting_requests(actor))


def _arrivals(actor: Actor) -> Iterator[NavigationEntry]:
    if allows(actor, Action.SEE_ARRIVALS):
        yield _entry("reception.show", "door-open", _("Arrivals"))


def _for_auditors(actor: Actor) -> list[NavigationEntry]:
    """Whoever looks at everything and runs nothing has no first page of the park."""
    found = []
    if allows(actor, Action.SEE_JOURNAL):
        journal = ("park.journal.",)
        found.append(_entry("park.journal.show", "history", _("Journal"), within=journal))
    if allows(actor, Action.SEE_PEOPLE):
        people = ("park.people.",)
        found.append(_entry("park.people.index", "users", _("People"), within=people))
    if allows(actor, Action.EXPORT):
        files = ("park.exchange.",)
        found.append(_entry("park.exchange.show", "download", _("Export"), within=files))
    return found


def waiting_requests(actor: Actor) -> int:
    """How many requests wait for this actor: one statement a page, however often it is asked."""
    if "waiting_requests" not in g:
        g.waiting_requests = approvals.count_for(actor)
    return int(g.waiting_requests)


def _entry(
    endpoint: str, icon: str, label: str, *, count: int = 0, within: tuple[str, ...] = ()
) -> NavigationEntry:
    """`within` is how the endpoints begin that belong to it: else all of its feature."""
    belongs = within or (f"{endpoint.partition('.')[0]}.",)
    current = (request.endpoint or "").startswith(belongs)
    return NavigationEntry(url_for(endpoint), icon, label, current, count)
