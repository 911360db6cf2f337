"""Out of order and back: what is claimed until when, who is hit, and what follows a form."""

from __future__ import annotations

from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import update

from booking import worker
from booking.checks import promises
from booking.closures import breakdowns, queries, service
from booking.closures.breakdowns import Breakdown
from booking.closures.service import WouldDisplaceError
from booking.core import clock
from booking.core.database import end_reading, transaction
from booking.core.errors import ForbiddenError, InvalidError, RefusedError
from booking.core.permissions import Actor
from booking.core.refusals import Reason
from booking.messages.models import MessageKind, MessageState
from booking.policies.facts import Place
from booking.reservations import alternatives
from booking.reservations import service as reservations
from booking.reservations.models import State
from booking.reservations.wishes import Change, Wish
from booking.spaces import inventory
from booking.spaces.models import Resource, ResourceState
from booking.waitlist import queries as waiting_for
from booking.waitlist import service as waitlist
from booking.waitlist.models import EntryState
from tests import make
from tests.db.closures.test_closures import claims
from tests.rivals import overtaken
from tests.working import Run, Told


@pytest.fixture
def lab(app: Flask) -> Place:
    return make.desk()


@pytest.fixture
def manager(lab: Place) -> Actor:
    return make.lab_manager(lab)


def broken(lab: Place, back: datetime) -> Breakdown:
    return Breakdown(lab.spot.public_id, "The laser is broken", back)


def wish(lab: Place, days: int) -> Wish:
    return Wish((lab.spot.public_id,), make.at(9, days=days), make.at(10, days=days))


def state(lab: Place) -> tuple[ResourceState, str]:
    end_reading()
    draft = inventory.resource(lab.spot.public_id).draft
    return draft.state, draft.out_of_order_reason


def ends(lab: Place) -> list[datetime]:
    return [ends_at.replace(tzinfo=None) for _kind, _starts, ends_at in claims(lab)]


def work(app: Flask) -> None:
    worker.until_nothing_is_due(app)
    end_reading()


def test_whoever_may_not_close_it_does_not_hear_that_it_is_out_of_order(
    app: Flask, lab: Place, manager: Actor
) -> None:
    breakdowns.take_out(manager, broken(lab, make.at(8, days=3)))
    with pytest.raises(ForbiddenError):
        breakdowns.take_out(make.person(), broken(lab, make.at(8, days=3)))


def test_it_is_closed_until_it_is_expected_back_and_open_when_it_is(
    app: Flask, lab: Place, manager: Actor
) -> None:
    done = breakdowns.take_out(manager, broken(lab, make.at(8, days=3)))
    assert state(lab) == (ResourceState.OUT_OF_ORDER, "The laser is broken")
    assert ends(lab) == [make.at(8, days=3)]
    person = make.person()
    (refusal,) = alternatives.verdict(person, wish(lab, 2)).refusals
    assert refusal.reason is Reason.OUT_OF_ORDER
    assert alternatives.verdict(person, wish(lab, 4)).allowed
    with pytest.raises(InvalidError):
        breakdowns.take_out(manager, broken(lab, make.at(8, days=4)))
    work(app)
    assert ends(lab) == [make.at(8, days=3)]
    service.end(manager, done.public_id)
    assert state(lab) == (ResourceState.IN_ORDER, "")
    assert reservations.book(person, wish(lab, 2)).state is State.CONFIRMED
    assert promises.verify().is_clean
    with pytest.raises(ForbiddenError):
        breakdowns.take_out(person, broken(lab, make.at(8, days=3)))


def test_putting_off_asks_for_what_it_hits(lab: Place, manager: Actor) -> None:
    person = make.person()
    kept, hit = (reservations.book(person, wish(lab, days)) for days in (2, 4))
    with pytest.raises(WouldDisplaceError):
        breakdowns.take_out(manager, broken(lab, make.at(8, days=3)))
    done = breakdowns.take_out(manager, broken(lab, make.at(8, days=3)), keeps=True)
    later = make.at(8, days=5)
    with pytest.raises(WouldDisplaceError):
        breakdowns.put_off(manager, done.public_id, later)
    end_reading()
    seen = breakdowns.put_off_plan(manager, done.public_id, later).seen
    breakdowns.put_off(manager, done.public_id, later, seen=seen)
    assert make.details(kept.public_id).state is State.CONFIRMED
    assert make.details(hit.public_id).state is State.CANCELLED
    assert max(ends(lab)) == later
    breakdowns.put_off(manager, done.public_id, make.at(12, days=1))
    assert max(ends(lab)) in (make.at(12, days=1), make.at(10, days=2))
    assert reservations.book(person, wish(lab, 3)).state is State.CONFIRMED
    assert promises.verify().is_clean
    with pytest.raises(InvalidError):
        breakdowns.put_off(manager, done.public_id, make.at(8, days=-1))
    service.end(manager, done.public_id)
    with pytest.raises(RefusedError):
        breakdowns.put_off(manager, done.public_id, later)


def test_the_closure_follows_what_a_form_says(app: Flask, lab: Place, manager: Actor) -> None:
    made = reservations.book(make.person(), wish(lab, 2))

    def say(**values: object) -> None:
        with transaction() as current:
            of_it = update(Resource).where(Resource.id == lab.resource_id)
            current.execute(of_it.values(values))
        work(app)

    back = claims(lab)[0][2].replace(hour=20)
    say(state=ResourceState.OUT_OF_ORDER, out_of_order_reason="Leak", expected_back_at=back)
    assert [kind for kind, *_ in claims(lab)] == ["closure", "booking", "closure"]
    assert make.details(made.public_id).state is State.CONFIRMED
    (shown,) = queries.closures(manager, queries.When.NOW, limit=9)
    assert shown.names == {"fr": "Leak"}
    say(expected_back_at=back.replace(hour=22))
    assert max(ends(lab)).hour == 22
    say(state=ResourceState.IN_ORDER, out_of_order_reason=None, expected_back_at=None)
    assert [kind for kind, *_ in claims(lab)] == ["booking"]
    say(state=ResourceState.OUT_OF_ORDER, out_of_order_reason="Leak")
    assert max(ends(lab)).year == clock.now().year + 2
    assert promises.verify().is_clean


def test_whoever_stays_is_told_once_with_what_else_is_free(
    run: Run, told: Told, lab: Place, manager: Actor
) -> None:
    """Again only for what a later end adds, and nobody for what they change themselves."""
    spare = make.desk()
    who, other = make.person(language="fr"), make.person()
    made = [reservations.book(who, wish(lab, days)) for days in (1, 2)]
    later = reservations.book(other, wish(lab, 3))
    done = breakdowns.take_out(manager, broken(lab, make.at(8, days=3)), keeps=True)
    run()
    (letter,) = told(MessageKind.DISPLACED)
    text = letter.text or ""
    assert letter.recipient_id == who.person_id
    assert "The laser is broken" in text
    assert "Hors service" in text
    assert all(make.details(one.public_id).reference in text for one in made)
    assert f"/book?resource={spare.spot.code}" in text
    reservations.change(who, made[0].public_id, Change(title="Other"))
    breakdowns.put_off(manager, done.public_id, make.at(8, days=4), keeps=True)
    run()
    letters = [one.recipient_id for one in told(MessageKind.DISPLACED)]
    assert sorted(letters) == sorted((who.person_id, other.person_id))
    assert make.details(later.public_id).state is State.CONFIRMED


def test_a_later_end_takes_back_what_was_offered_in_the_time_it_adds(
    app: Flask, lab: Place, manager: Actor
) -> None:
    holder, waiting = make.person(), make.person()
    made = reservations.book(holder, wish(lab, 4))
    entry = waitlist.wait(waiting, wish(lab, 4), any_like=False)
    reservations.cancel(holder, made.public_id)
    work(app)
    assert waiting_for.entry_of(waiting, entry).state is EntryState.OFFERED
    done = breakdowns.take_out(manager, broken(lab, make.at(8, days=3)))
    breakdowns.put_off(manager, done.public_id, make.at(8, days=5))
    assert max(ends(lab)) == make.at(8, days=5)
    assert {kind for kind, *_ in claims(lab)} == {"closure"}
    assert waiting_for.entry_of(waiting, entry).state is EntryState.WAITING
    assert promises.verify().is_clean


def test_nobody_is_told_of_what_is_back_in_order_already(
    run: Run, told: Told, lab: Place, manager: Actor
) -> None:
    reservations.book(make.person(), wish(lab, 2))
    done = breakdowns.take_out(manager, broken(lab, make.at(8, days=3)), keeps=True)
    service.end(manager, done.public_id)
    run()
    assert [one.state for one in told(MessageKind.DISPLACED)] == [MessageState.WITHDRAWN]


def test_of_two_who_take_it_out_at_once_one_is_refused(
    app: Flask, lab: Place, manager: Actor
) -> None:
    def take_out() -> bool:
        try:
            breakdowns.take_out(manager, broken(lab, make.at(8, days=3)))
        except InvalidError:
            return False
        return True

    assert not overtaken(app, take_out, take_out)
    end_reading()
    assert len(queries.closures(manager, queries.When.NOW, limit=9)) == 1
