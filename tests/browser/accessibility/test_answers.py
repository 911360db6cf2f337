"""Pages that only answer a form: mistakes, refusals, questions, secrets that are shown once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from booking.core.permissions import Actor
from booking.reservations import place_facts
from tests import make
from tests.browser.accessibility import parks
from tests.browser.accessibility.looking import faults_by_day, faults_by_night
from tests.browser.accessibility.parks import Park
from tests.browser.conftest import Visit
from tests.browser.entering import enter

Act = Callable[[Page, Park], None]


def _sign_in_with_nothing(page: Page, _park: Park) -> None:
    page.goto("/sign-in")
    page.fill('[name="email"]', "nobody@example.com")
    page.click('form.form button[type="submit"]')


def _ask_for_no_address(page: Page, _park: Park) -> None:
    page.goto("/forgotten-password")
    page.fill('[name="email"]', "salma")
    page.click('form.form button[type="submit"]')
    expect(page.locator('[aria-invalid="true"]')).to_have_count(1)


def _ask_for_a_new_password(page: Page, _park: Park) -> None:
    page.goto("/forgotten-password")
    page.fill('[name="email"]', "somebody@example.com")
    page.click('form.form button[type="submit"]')
    expect(page.locator(".note.ok")).to_be_visible()


def _choose_a_weak_password(page: Page, park: Park) -> None:
    page.goto(f"/password/{park.things['link']}")
    page.fill('[name="password"]', "short")
    page.fill('[name="again"]', "other")
    page.click('form.form button[type="submit"]')


def _wish_what_breaks_many_rules(page: Page, park: Park) -> None:
    page.goto(f"/book?resource={park.things['lab']}&day=2026-10-06&start=03:00&end=23:00")
    page.fill('[name="headcount"]', "90")
    page.fill('[name="title"]', parks.LONG_WORD)
    page.click('form.form[action="/book"] button[type="submit"]')
    expect(page.locator('main [role="alert"] li').nth(2)).to_be_visible()


def _wish_what_is_taken(page: Page, park: Park) -> None:
    page.goto(f"/book?resource={park.things['desk']}&day=2026-10-06&start=10:00&end=11:00")
    page.click('form.form[action="/book"] button[type="submit"]')
    expect(page.locator('.list form[action="/book"] button').first).to_be_visible()


def _wish_for_nobody(page: Page, park: Park) -> None:
    page.goto(f"/book?resource={park.things['lab']}&day=2026-10-09")
    page.fill('[name="headcount"]', "0")
    page.click('form.form[action="/book"] button[type="submit"]')
    expect(page.locator('[aria-invalid="true"]')).to_have_count(1)


def _book(page: Page, park: Park) -> None:
    page.goto(f"/book?resource={park.things['desk']}&day=2026-10-08")
    page.click('form.form[action="/book"] button[type="submit"]')
    expect(page.locator(".notes .note.ok")).to_be_visible()


def _move_to_what_is_taken(page: Page, park: Park) -> None:
    lab = place_facts.place_called(park.things["lab"])
    make.reservation(make.member_of(), lab, starts_at=make.at(15, days=4))
    moved = f"/reservations/{park.things['changed']}/edit?day=2026-10-09&start=15:00&end=17:00"
    page.goto(moved)
    page.click('form.form[action$="/edit"] button[type="submit"]')
    expect(page.locator('main [role="alert"]')).to_be_visible()


def _make_a_calendar_address(page: Page, _park: Park) -> None:
    page.goto("/profile/feeds")
    page.click('form[action="/profile/feeds"] button[type="submit"]')
    expect(page.locator("#address")).to_be_visible()


def _make_a_token_without_a_name(page: Page, _park: Park) -> None:
    page.goto("/profile/tokens")
    page.uncheck('[name="scopes"] >> nth=0')
    page.click('form[action="/profile/tokens"] button[type="submit"]')
    expect(page.locator('main [role="alert"] a')).to_have_count(2)


def _make_a_token(page: Page, _park: Park) -> None:
    page.goto("/profile/tokens")
    page.fill('[name="name"]', parks.LONG_NAME)
    page.click('form[action="/profile/tokens"] button[type="submit"]')
    expect(page.locator("#token")).to_be_visible()


def _change_to_another_wrong_password(page: Page, _park: Park) -> None:
    page.goto("/profile/password")
    page.click('form[action="/profile/password"] button[type="submit"]')


def _decline_without_a_reason(page: Page, park: Park) -> None:
    page.goto(f"/approvals/{park.things['pending']}")
    page.click("details.decline > summary")
    page.click('form[action$="/decline"] button[type="submit"]')
    expect(page.locator('[aria-invalid="true"]')).to_be_visible()


def _approve_one_of_two(page: Page, park: Park) -> None:
    page.goto(f"/approvals/{park.things['rivalled']}")
    page.click('form[action$="/approve"] button[type="submit"]')
    expect(page.locator('[name="declines_others"]')).to_have_count(1)


ANSWERS: dict[str, tuple[Act, ...]] = {
    "nobody": (
        _sign_in_with_nothing,
        _ask_for_no_address,
        _ask_for_a_new_password,
        _choose_a_weak_password,
    ),
    "member": (
        _wish_what_breaks_many_rules,
        _wish_what_is_taken,
        _wish_for_nobody,
        _book,
        _move_to_what_is_taken,
        _make_a_calendar_address,
        _make_a_token_without_a_name,
        _make_a_token,
        _change_to_another_wrong_password,
    ),
    "manager": (_decline_without_a_reason, _approve_one_of_two),
}


@pytest.mark.parametrize(
    ("language", "look"), [("fr", faults_by_day), ("ar", faults_by_night)], ids=["fr", "ar"]
)
@pytest.mark.parametrize("reader", ANSWERS)
def test_every_answer_can_be_used_by_everybody(
    app: Flask,
    visit: Callable[..., Visit],
    language: str,
    look: Callable[[Visit], list[str]],
    reader: str,
) -> None:
    park = parks.full(app, language)
    visited = visit(language=language)
    people: dict[str, Actor] = {"member": park.member, "manager": park.manager}
    if reader in people:
        enter(app, visited, people[reader])
    faults = []
    for act in ANSWERS[reader]:
        act(visited.page, park)
        faults += [f"{act.__name__}: {fault}" for fault in look(visited)]
    assert not faults, "\n".join(faults)


def test_a_mistake_takes_the_focus_and_leads_to_its_field(
    app: Flask, visit: Callable[..., Visit]
) -> None:
    park = parks.full(app, "fr")
    visited = visit()
    enter(app, visited, park.member)
    _make_a_token_without_a_name(visited.page, park)
    expect(visited.page.locator('main [role="alert"]')).to_be_focused()
    visited.page.locator('main [role="alert"] a[href="#name"]').click()
    expect(visited.page.locator("#name")).to_be_focused()
