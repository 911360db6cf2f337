"""Every page can be read and used by everybody, in an empty park and in a full one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import partial

import pytest
from flask import Flask
from playwright.sync_api import Page

from booking.core.permissions import Actor
from tests.browser.accessibility import parks
from tests.browser.accessibility.looking import faults_by_day, faults_by_night
from tests.browser.accessibility.parks import Build, Park
from tests.browser.conftest import PHONE, Visit
from tests.browser.entering import enter


class Reader(Enum):
    """As whom a page is opened."""

    NOBODY = "nobody"
    MEMBER = "member"
    MANAGER = "manager"
    OPERATOR = "operator"

    def of(self, park: Park) -> Actor | None:
        """The person of that park."""
        people = {
            Reader.MEMBER: park.member,
            Reader.MANAGER: park.manager,
            Reader.OPERATOR: park.operator,
        }
        return people.get(self)


@dataclass(frozen=True)
class Where:
    """How a page is reached. A park without one of the things in an address has no such page."""

    reader: Reader
    addresses: tuple[str, ...]
    status: int = 200


def _at(reader: Reader, *addresses: str) -> Where:
    return Where(reader, addresses)


PAGES: dict[str, Where] = {
    "sign_in.form": _at(Reader.NOBODY, "/sign-in"),
    "sign_in.link": _at(Reader.NOBODY, "/password/{link}", "/password/{invitation}"),
    "sign_in.forgotten": _at(Reader.NOBODY, "/forgotten-password"),
    "today.show": _at(Reader.MEMBER, "/"),
    "planning.day": _at(
        Reader.MEMBER,
        "/planning",
        "/planning?day=2026-10-06&month=2026-10",
        "/planning?day=2026-10-11",
        "/planning?kind=absent",
    ),
    "finding.show": _at(
        Reader.MEMBER,
        "/find",
        "/find?kind=meeting_room&day=2026-10-06&start=10:00&people=4&feature=wifi&month=2026-10",
        "/find?kind=desk&day=2026-10-06&start=08:00&length=1440&people=3",
        "/find?kind=lab&day=2026-10-11&start=10:00&people=90",
    ),
    "search.show": _at(Reader.OPERATOR, "/search", "/search?q=a", "/search?q=nowhere"),
    "space.show": _at(
        Reader.MEMBER,
        "/spaces/{desk}",
        "/spaces/{lab}?day=2026-10-06&month=2026-10",
        "/spaces/{out}",
    ),
    "spots.here": _at(Reader.MEMBER, "/spaces/{desk}/check-in", "/spaces/{lab}/check-in"),
    "reception.show": _at(
        Reader.OPERATOR, "/arrivals", "/arrivals?day=06/10/2026", "/arrivals?day=11/10/2026&page=2"
    ),
    "spots.labels": _at(Reader.OPERATOR, "/labels", "/labels?area=absent"),
    "book.form": _at(
        Reader.MEMBER,
        "/book",
        "/book?kind=absent",
        "/book?resource={desk}&day=2026-10-06",
        "/book?resource={desk}&day=2026-10-11",
        "/book?resource={lab}&also={room}&day=2026-10-07",
        "/book?resource={lab}&day=2026-10-07&month=2026-10",
    ),
    "authorisations.mine": _at(Reader.MEMBER, "/authorisations/mine"),
    "reservations.quotas": _at(Reader.MEMBER, "/reservations/quotas"),
    "reservations.mine": _at(
        Reader.MEMBER, "/reservations", "/reservations?when=past", "/reservations?when=others"
    ),
    "series.show": _at(Reader.MEMBER, "/series/{series}"),
    "series.edit": _at(Reader.MEMBER, "/series/{series}/edit"),
    "series.cancel": _at(Reader.MEMBER, "/series/{series}/cancel"),
    "groups.form": _at(
        Reader.MEMBER,
        "/together",
        "/together?count=3&day=2026-10-09",
        "/together?count=30&day=2026-10-09",
    ),
    "groups.show": _at(Reader.MEMBER, "/groups/{group}"),
    "groups.move": _at(Reader.MEMBER, "/groups/{group}/move"),
    "groups.cancel": _at(Reader.MEMBER, "/groups/{group}/cancel"),
    "reservations.show": _at(
        Reader.MEMBER,
        "/reservations/{running}",
        "/reservations/{confirmed}",
        "/reservations/{pending}",
        "/reservations/{changed}",
        "/reservations/{declined}",
        "/reservations/{cancelled}",
        "/reservations/{expired}",
    ),
    "reservations.edit": _at(
        Reader.MEMBER, "/reservations/{confirmed}/edit", "/reservations/{running}/edit"
    ),
    "reservations.cancel": _at(Reader.MEMBER, "/reservations/{confirmed}/cancel"),
    "reservations.choose_colleague": _at(
        Reader.MEMBER, "/reservations/{confirmed}/transfer", "/reservations/{running}/transfer"
    ),
    "organisation.mine": _at(Reader.MEMBER, "/organisation"),
    "organisation.show": _at(Reader.MEMBER, "/organisation/{organisation}"),
    "organisation.people": _at(Reader.MEMBER, "/organisation/{organisation}/members"),
    "organisation.reservations": _at(
        Reader.MEMBER,
        "/organisation/{organisation}/reservations",
        "/organisation/{organisation}/reservations?when=past",
        "/organisation/{organisation}/reservations?state=pending",
    ),
    "organisation.member": _at(
        Reader.MANAGER,
        "/organisation/{managed}",
        "/organisation/{managed}/members",
        "/organisation/{managed}/members/{colleague}",
        "/organisation/{managed}/members/{invited}",
    ),
    "organisation.ask_end": _at(
        Reader.MANAGER,
        "/organisation/{managed}/members/{colleague}/end",
        "/organisation/{managed}/members/{colleague}/end?last_day=2026-10-06&month=2026-10",
    ),
    "organisation.invite": _at(Reader.MANAGER, "/organisation/{managed}/invitations"),
    "profile.show": _at(Reader.MEMBER, "/profile"),
    "profile.password": _at(Reader.MEMBER, "/profile/password"),
    "secrets.new_feed": _at(Reader.MEMBER, "/profile/feeds"),
    "secrets.ask_rotate_feed": _at(Reader.MEMBER, "/profile/feeds/{feed}/rotate"),
    "secrets.ask_revoke_feed": _at(Reader.MEMBER, "/profile/feeds/{feed}/revoke"),
    "secrets.new_token": _at(Reader.MEMBER, "/profile/tokens"),
    "secrets.ask_revoke_token": _at(Reader.MEMBER, "/profile/tokens/{token}/revoke"),
    "waitlist.mine": _at(Reader.MEMBER, "/waitlist"),
    "waitlist.new": _at(Reader.MEMBER, "/waitlist/new?resource={desk}&day=2026-10-06"),
    "replacements.show": _at(Reader.MEMBER, "/replacements/{displaced}"),
    "waitlist.show": _at(Reader.MEMBER, "/waitlist/{waits}", "/waitlist/{offered}"),
    "authorisations.index": _at(Reader.MANAGER, "/authorisations"),
    "authorisations.new": _at(Reader.MANAGER, "/authorisations/new"),
    "authorisations.edit": _at(Reader.MANAGER, "/authorisations/{authorised}"),
    "authorisations.ask_end": _at(Reader.MANAGER, "/authorisations/{authorised}/end"),
    "closures.index": _at(Reader.MANAGER, "/closures", "/closures?when=past"),
    "closures.new": _at(Reader.MANAGER, "/closures/new", "/closures/new?resource={lab}"),
    "closures.show": _at(Reader.MANAGER, "/closures/{closure}"),
    "breakdowns.new": _at(Reader.MANAGER, "/spaces/{lab}/out-of-order"),
    "breakdowns.ask_put_off": _at(Reader.OPERATOR, "/closures/{breakdown}/put-off"),
    "holidays.index": _at(Reader.OPERATOR, "/holidays"),
    "holidays.new": _at(Reader.OPERATOR, "/holidays/new"),
    "holidays.edit": _at(Reader.OPERATOR, "/holidays/{holiday}"),
    "holidays.ask_leave_out": _at(Reader.OPERATOR, "/holidays/{holiday}/leave-out"),
    "closures.ask_end": _at(Reader.MANAGER, "/closures/{closure}/end"),
    "deputies.index": _at(Reader.MANAGER, "/profile/deputies"),
    "deputies.ask_end": _at(Reader.MANAGER, "/profile/deputies/{absence}/end"),
    "approvals.list": _at(
        Reader.MANAGER, "/approvals", "/approvals?chosen=all", "/approvals?selected={blocked}"
    ),
    "approvals.show": _at(
        Reader.MANAGER,
        "/approvals/{pending}",
        "/approvals/{changed}",
        "/approvals/{rivalled}",
        "/approvals/{blocked}",
        "/approvals/{declined}",
    ),
    "approvals.dates": _at(Reader.MANAGER, "/approvals/series/{dates}"),
    "approvals.competing": _at(Reader.MANAGER, "/approvals/{rivalled}/compare"),
    "operator.messages": _at(
        Reader.OPERATOR, "/operator/messages", "/operator/messages?state=refused"
    ),
    "operator.message": _at(
        Reader.OPERATOR,
        "/operator/messages/{kept}",
        "/operator/messages/{planned}",
        "/operator/messages/{kept}?language=en",
    ),
    "park.journal.show": _at(
        Reader.OPERATOR, "/operator/journal", "/operator/journal?act=set_up&actor=nobody"
    ),
    "park.settings.show": _at(Reader.OPERATOR, "/operator/settings"),
    "desk_preferences.show": _at(Reader.MEMBER, "/profile/desks"),
    "privacy.my_data": _at(Reader.MEMBER, "/profile/data"),
    "closing_account.ask": _at(Reader.MEMBER, "/profile/data/forget"),
    "privacy.anonymise": _at(Reader.OPERATOR, "/operator/people/{person}/anonymise"),
    "privacy.notice": _at(Reader.NOBODY, "/privacy"),
    "park.samples.index": _at(Reader.OPERATOR, "/operator/samples"),
    "park.samples.show": _at(
        Reader.OPERATOR,
        "/operator/samples/confirmed",
        "/operator/samples/reminder?language=ar",
        "/operator/samples/approval_waiting?language=en",
    ),
    # Without a reservation there is no sample to frame: the fragment skips it in the empty park.
    "park.samples.html": _at(Reader.OPERATOR, "/operator/samples/confirmed/html#{confirmed}"),
    "operator.message_html": _at(Reader.OPERATOR, "/operator/messages/{planned}/html"),
    "operator.verify": _at(Reader.OPERATOR, "/operator/verify"),
    "park.show": _at(Reader.OPERATOR, "/operator"),
    "park.exchange.show": _at(Reader.OPERATOR, "/operator/files"),
    "park.exchange.report": _at(Reader.OPERATOR, "/operator/files/imports/{import}"),
    "unmet.show": _at(Reader.OPERATOR, "/reports/demand"),
    "reports.show": _at(
        Reader.OPERATOR,
        "/reports",
        "/reports?from=2026-01-01&to=2026-12-31&by=organisation&part=coming",
        "/reports?from=2026-10-01&to=2026-10-31&by=month",
    ),
    "park.places.site": _at(Reader.OPERATOR, "/operator/site"),
    "park.places.buildings": _at(Reader.OPERATOR, "/operator/buildings"),
    "park.places.new_building": _at(Reader.OPERATOR, "/operator/buildings/new"),
    "park.places.edit_building": _at(Reader.OPERATOR, "/operator/buildings/{building_key}"),
    "park.places.ask_remove_building": _at(
        Reader.OPERATOR, "/operator/buildings/{building_key}/remove"
    ),
    "park.places.new_floor": _at(Reader.OPERATOR, "/operator/floors/new"),
    "park.places.edit_floor": _at(Reader.OPERATOR, "/operator/floors/{floor}"),
    "park.places.ask_remove_floor": _at(Reader.OPERATOR, "/operator/floors/{floor}/remove"),
    "park.places.new_area": _at(Reader.OPERATOR, "/operator/areas/new"),
    "park.places.edit_area": _at(Reader.OPERATOR, "/operator/areas/{area_key}"),
    "park.places.ask_remove_area": _at(Reader.OPERATOR, "/operator/areas/{area_key}/remove"),
    "park.places.kinds": _at(Reader.OPERATOR, "/operator/kinds"),
    "park.places.new_kind": _at(Reader.OPERATOR, "/operator/kinds/new"),
    "park.places.edit_kind": _at(Reader.OPERATOR, "/operator/kinds/{kind_key}"),
    "park.places.ask_remove_kind": _at(Reader.OPERATOR, "/operator/kinds/{kind_key}/remove"),
    "park.places.features": _at(Reader.OPERATOR, "/operator/features"),
    "park.places.new_feature": _at(Reader.OPERATOR, "/operator/features/new"),
    "park.places.edit_feature": _at(Reader.OPERATOR, "/operator/features/{feature_key}"),
    "park.places.ask_remove_feature": _at(
        Reader.OPERATOR, "/operator/features/{feature_key}/remove"
    ),
    "park.resources.index": _at(
        Reader.OPERATOR,
        "/operator/resources",
        "/operator/resources?state=out_of_order",
        "/operator/resources?text=absent",
    ),
    "park.resources.new_resource": _at(Reader.OPERATOR, "/operator/resources/new"),
    "park.resources.edit_resource": _at(
        Reader.OPERATOR, "/operator/resources/{resource}", "/operator/resources/{retired}"
    ),
    "park.resources.ask_remove_resource": _at(
        Reader.OPERATOR, "/operator/resources/{resource}/remove"
    ),
    "park.resources.parts": _at(Reader.OPERATOR, "/operator/resources/{resource}/parts"),
    "park.resources.ask_retire": _at(Reader.OPERATOR, "/operator/resources/{resource}/retire"),
    "park.resources.photo_list": _at(
        Reader.OPERATOR,
        "/operator/resources/{resource}/photos",
        "/operator/resources/{retired}/photos",
    ),
    "park.resources.edit_photo": _at(Reader.OPERATOR, "/operator/resources/photos/{photo}"),
    "park.hours.index": _at(Reader.OPERATOR, "/operator/hours"),
    "park.profiles.index": _at(Reader.OPERATOR, "/operator/profiles"),
    "park.profiles.new": _at(Reader.OPERATOR, "/operator/profiles/new"),
    "park.profiles.show": _at(Reader.OPERATOR, "/operator/profiles/{profile_key}"),
    "park.profiles.edit_name": _at(Reader.OPERATOR, "/operator/profiles/{profile_key}/name"),
    "park.profiles.ask_remove": _at(Reader.OPERATOR, "/operator/profiles/{profile_key}/remove"),
    "park.profiles.edit_week": _at(
        Reader.OPERATOR, "/operator/profiles/{profile_key}/weeks/{hours_key}"
    ),
    "park.profiles.ask_remove_week": _at(
        Reader.OPERATOR, "/operator/profiles/{profile_key}/weeks/{hours_key}/remove"
    ),
    "park.profiles.new_period": _at(
        Reader.OPERATOR, "/operator/profiles/{profile_key}/periods/new"
    ),
    "park.profiles.edit_period": _at(Reader.OPERATOR, "/operator/profiles/periods/{period}"),
    "park.profiles.ask_leave_out": _at(
        Reader.OPERATOR, "/operator/profiles/periods/{period}/leave-out"
    ),
    "park.hours.new": _at(Reader.OPERATOR, "/operator/hours/new"),
    "park.hours.show": _at(Reader.OPERATOR, "/operator/hours/{hours_key}"),
    "park.hours.edit_name": _at(Reader.OPERATOR, "/operator/hours/{hours_key}/name"),
    "park.hours.ask_remove": _at(Reader.OPERATOR, "/operator/hours/{hours_key}/remove"),
    "park.hours.new_week": _at(Reader.OPERATOR, "/operator/hours/{hours_key}/weeks/new"),
    "park.hours.edit_week": _at(Reader.OPERATOR, "/operator/hours/{hours_key}/weeks/{week}"),
    "park.hours.ask_remove_week": _at(
        Reader.OPERATOR, "/operator/hours/{hours_key}/weeks/{week}/remove"
    ),
    "park.hours.new_day": _at(Reader.OPERATOR, "/operator/hours/{hours_key}/days/new"),
    "park.hours.edit_day": _at(Reader.OPERATOR, "/operator/hours/{hours_key}/days/{day_off}"),
    "park.hours.ask_remove_day": _at(
        Reader.OPERATOR, "/operator/hours/{hours_key}/days/{day_off}/remove"
    ),
    "park.policies.index": _at(Reader.OPERATOR, "/operator/policies"),
    "park.policies.new_policy": _at(Reader.OPERATOR, "/operator/policies/new"),
    "park.policies.edit_policy": _at(Reader.OPERATOR, "/operator/policies/{policy_key}"),
    "park.policies.ask_remove_policy": _at(
        Reader.OPERATOR, "/operator/policies/{policy_key}/remove"
    ),
    "park.people.index": _at(
        Reader.OPERATOR, "/operator/people", "/operator/people?q=nobody&state=deactivated"
    ),
    "park.people.new": _at(Reader.OPERATOR, "/operator/people/new"),
    "park.people.show": _at(
        Reader.OPERATOR, "/operator/people/{person}", "/operator/people/{decider}"
    ),
    "park.people.edit": _at(Reader.OPERATOR, "/operator/people/{person}/edit"),
    "park.people.new_membership": _at(Reader.OPERATOR, "/operator/people/{person}/memberships"),
    "park.people.new_grant": _at(Reader.OPERATOR, "/operator/people/{person}/grants"),
    "park.people.ask_take_grant": _at(
        Reader.OPERATOR, "/operator/people/{decider}/grants/{grant}/take"
    ),
    "park.organisations.index": _at(
        Reader.OPERATOR, "/operator/organisations", "/operator/organisations?q=absent"
    ),
    "park.organisations.new": _at(Reader.OPERATOR, "/operator/organisations/new"),
    "park.organisations.show": _at(
        Reader.OPERATOR,
        "/operator/organisations/{organisation}",
        "/operator/organisations/{deactivated}",
    ),
    "park.organisations.ask_deactivate": _at(
        Reader.OPERATOR, "/operator/organisations/{organisation}/deactivate"
    ),
    "park.leaving.ask": _at(Reader.OPERATOR, "/operator/people/{colleague}/deactivate"),
    "park.jobs.show": _at(Reader.OPERATOR, "/operator/jobs"),
}

# Pages under addresses that lead nowhere, or not for this reader.
ERRORS = (
    Where(Reader.NOBODY, ("/nowhere", "/password/nothing"), 404),
    Where(
        Reader.MEMBER,
        ("/nowhere", "/spaces/nothing", "/reservations/00000000-0000-7000-8000-000000000000"),
        404,
    ),
    Where(
        Reader.MEMBER,
        (
            "/planning?floor={floor}&day=tomorrow",
            "/find?kind=desk&start=99:00&people=x&floor={floor}",
        ),
        422,
    ),
    Where(Reader.MEMBER, ("/operator/messages", "/approvals", "/reports"), 403),
    Where(Reader.OPERATOR, ("/reports?from=tomorrow&to=2026-10-01",), 422),
    Where(Reader.MEMBER, ("/reservations/{cancelled}/edit", "/reservations/{past}/cancel"), 409),
)

# They answer GET, but with no page of their own.
NO_PAGES = {
    "calendars.reservation_file",
    "calendars.series_file",
    "feeds.fetch",
    "health.healthz",
    "house.logo_file",
    "privacy.as_json",
    "privacy.as_zip",
    "health.readyz",
    "organisation.people_file",
    "photos.show",
    "authorisations.export",
    "unmet.file",  # a file to save
    "park.journal.export",
    "planning.fragment",
    "park.exchange.file",  # a file to save
    "park.exchange.template",  # as above
    "reports.file",  # as above
    "planning.reservation",  # leads to the reservation
    "reservations.again",  # leads to the booking form
}


def test_no_address_is_walked_twice_by_one_reader() -> None:
    walked = [
        (where.reader, address)
        for where in (*PAGES.values(), *ERRORS)
        for address in where.addresses
    ]
    assert len(walked) == len(set(walked))


def test_every_page_has_its_place_in_the_walk(app: Flask) -> None:
    answering = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.methods and "GET" in rule.methods and not rule.rule.startswith("/api/")
    }
    assert answering == PAGES.keys() | NO_PAGES


@pytest.mark.parametrize("reader", Reader)
def test_every_page_can_be_used_by_everybody(
    app: Flask, visit: Callable[..., Visit], reader: Reader
) -> None:
    park = parks.full(app, "fr")
    visited = visit(language="fr")
    _open(app, visited, reader.of(park))
    addresses = [(where, one) for where in _pages_of(reader) for one in _addresses(where, park)]
    assert not _walk(visited, addresses, faults_by_day)


# Of several addresses of a page the first is enough for what is new: its colours by night, its
# Arabic, and what stands where there is nothing.
@pytest.mark.parametrize("build", [parks.full, parks.empty])
@pytest.mark.parametrize("reader", Reader)
def test_every_page_can_be_used_from_right_to_left_and_by_night(
    app: Flask, visit: Callable[..., Visit], build: Build, reader: Reader
) -> None:
    park = build(app, "ar")
    visited = visit(language="ar", screen=PHONE, dark=True)
    _open(app, visited, reader.of(park))
    addresses = [(where, one) for where in _pages_of(reader) for one in _addresses(where, park)[:1]]
    look = partial(faults_by_night, colours_only=build is parks.full)
    assert not _walk(visited, addresses, look)


def _pages_of(reader: Reader) -> list[Where]:
    return [where for where in (*PAGES.values(), *ERRORS) if where.reader is reader]


def _walk(
    visited: Visit, addresses: Sequence[tuple[Where, str]], look: Callable[[Visit], list[str]]
) -> str:
    faults = []
    for where, address in addresses:
        answer = visited.page.goto(address)
        assert answer is not None
        if answer.status not in (where.status, 304):
            faults.append(f"{address} answers {answer.status}")
        faults += look(visited)
    return "\n".join(faults)


def _open(app: Flask, visited: Visit, who: Actor | None) -> Page:
    return visited.goto("/sign-in") if who is None else enter(app, visited, who)


def _addresses(where: Where, park: Park) -> list[str]:
    found = []
    for address in where.addresses:
        try:
            found.append(address.format_map(park.things))
        except KeyError:
            continue
    return found
