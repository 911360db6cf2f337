"""When somebody leaves: what becomes of their reservations, who is told, what is refused."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from booking.core import clock, zones
from booking.core.database import end_reading, session, transaction
from booking.core.errors import (
    ForbiddenError,
    InvalidError,
    LastOneError,
    NotFoundError,
    StaleError,
)
from booking.core.permissions import Actor, Role
from booking.journal.models import JournalLine
from booking.messages.models import MessageKind, MessageState
from booking.occupancy.models import occupancy
from booking.people import closing, organisations
from booking.people.models import Grant, MemberRole, Person
from booking.reservations import departures, service
from booking.reservations.departures import Choices, PlanChangedError
from booking.reservations.models import HouseReason, State
from booking.reservations.queries import Details
from booking.reservations.wishes import Change, Wish
from tests import make
from tests.rivals import overtaken
from tests.working import Run, Told, run, told

__all__ = ["run", "told"]

CANCEL = Choices()


class Startup:
    """An organisation with a manager, somebody who leaves, and a colleague."""

    def __init__(self) -> None:
        self.organisation = make.organisation("Atlas Robotics")
        self.id = self.organisation.public_id
        self.manager = make.member_of(self.organisation, name="Youssef", is_manager=True)
        self.leaver = make.member_of(self.organisation, name="Salma")
        self.colleague = make.member_of(self.organisation, name="Karim")
        with transaction() as current:
            current.execute(update(Person).values(password_hash="came"))

    def booked(self, *, days: int = 1, lab: bool = False, by: Actor | None = None) -> Details:
        place = make.lab() if lab else make.desk()
        return make.reservation(
            by or self.leaver, place, starts_at=make.at(10, days=days), organisation_id=self.id
        )

    def end(self, choices: Choices = CANCEL, last_day: date | None = None) -> departures.Done:
        return departures.end_membership(
            self.manager, self.id, self.leaver.public_id, choices, last_day=last_day
        )


@pytest.fixture
def startup(app: Flask) -> Startup:
    return Startup()


def _acts(subject_id: str) -> list[str]:
    statement = select(JournalLine.act).where(JournalLine.subject_id == subject_id)
    return list(session().scalars(statement.order_by(JournalLine.id)))


# --- a membership ---


def test_what_lies_ahead_is_handed_over_or_cancelled_in_one_act(startup: Startup) -> None:
    kept, dropped, request = startup.booked(), startup.booked(days=2), startup.booked(lab=True)
    private = make.reservation(startup.leaver, make.desk())
    plan = departures.membership_plan(startup.manager, startup.id, startup.leaver.public_id)
    assert [one.reference for one in plan.reservations] == [
        kept.reference,
        request.reference,
        dropped.reference,
    ]
    assert [one.name for one in plan.takers_of_all] == ["Youssef", "Karim"]

    done = startup.end(
        Choices(
            for_all=startup.colleague.public_id,
            single={dropped.public_id: None},
            seen=plan.seen,
        )
    )

    assert (done.handed_over, done.cancelled) == (2, 1)
    now = make.details(kept.public_id)
    assert (now.person.name, now.booked_by.name, now.version) == ("Karim", "Karim", 2)
    assert (now.state, now.sequence, now.interval) == (State.CONFIRMED, 0, kept.interval)
    taken = session().scalars(
        select(occupancy.c.resource_id).where(occupancy.c.reservation_id == kept.id)
    )
    assert list(taken) == [kept.place.resource_id]
    assert make.details(request.public_id).state is State.PENDING
    gone = make.details(dropped.public_id)
    assert (gone.state, gone.closing_reason) == (State.CANCELLED, HouseReason.MEMBERSHIP_ENDED)
    assert make.details(private.public_id) == private
    assert make.actor(startup.leaver.person_id).memberships == ()
    assert _acts(kept.public_id) == ["booked", "handed_over"]
    assert "membership_ended" in _acts(startup.leaver.public_id)


def test_one_that_runs_counts_as_ahead(startup: Startup) -> None:
    with clock.frozen_at(clock.now() - timedelta(hours=2)):
        running = make.reservation(
            startup.leaver,
            make.desk(open_at=make.around_the_clock()),
            starts_at=make.at(7, days=0),
            ends_at=make.at(12, days=0),
            organisation_id=startup.id,
        )
    startup.end(Choices(for_all=startup.colleague.public_id))
    assert make.details(running.public_id).person.name == "Karim"


def test_until_a_last_day_only_what_begins_later_is_touched(startup: Startup) -> None:
    before, after = startup.booked(days=2), startup.booked(days=3)
    last_day = clock.now().date() + timedelta(days=2)
    startup.end(last_day=last_day)
    assert make.details(before.public_id).state is State.CONFIRMED
    assert make.details(after.public_id).state is State.CANCELLED
    assert make.actor(startup.leaver.person_id).organisation_ids
    with clock.frozen_at(clock.now() + timedelta(days=3)):
        assert not make.actor(startup.leaver.person_id).organisation_ids


@pytest.mark.parametrize("days", [-1, 4000])
def test_a_last_day_lies_ahead_and_not_in_another_age(startup: Startup, days: int) -> None:
    with pytest.raises(InvalidError) as refused:
        startup.end(last_day=clock.now().date() + timedelta(days=days))
    assert "last_day" in refused.value.fields


def test_a_change_that_waits_goes_along(startup: Startup) -> None:
    lab = make.lab()
    decider = make.lab_manager(lab)
    made = make.reservation(startup.leaver, lab, organisation_id=startup.id)
    service.approve(decider, made.public_id, seen_version=made.version)
    service.change(startup.leaver, made.public_id, Change(starts_at=make.at(9)))
    startup.end(Choices(for_all=startup.colleague.public_id))
    now = make.details(made.public_id)
    assert now.amendment is not None
    service.approve(decider, made.public_id, seen_version=now.version)
    assert make.details(made.public_id).local.starts_at == make.at(9)


def test_what_was_booked_meanwhile_makes_the_plan_stale(startup: Startup) -> None:
    first = startup.booked()
    plan = departures.membership_plan(startup.manager, startup.id, startup.leaver.public_id)
    second = startup.booked(days=2)
    service.change(startup.leaver, first.public_id, Change(title="Other"))
    with pytest.raises(PlanChangedError) as stale:
        startup.end(Choices(seen=plan.seen))
    assert (stale.value.added, stale.value.changed) == ((second.reference,), (first.reference,))
    assert make.details(second.public_id).state is State.CONFIRMED
    assert make.actor(startup.leaver.person_id).memberships


def test_only_a_colleague_can_take_over(startup: Startup) -> None:
    made = startup.booked()
    stranger = make.member_of(name="Stranger")
    for somebody in (stranger, startup.leaver):
        with pytest.raises(InvalidError):
            startup.end(Choices(for_all=somebody.public_id))
    assert make.details(made.public_id) == made


def test_who_booked_for_a_colleague_lets_go_of_it(startup: Startup) -> None:
    made = startup.booked(by=startup.colleague)
    with transaction():
        service.hand_over(
            None,
            made,
            to_person_id=made.person_id,
            booked_by_id=startup.leaver.person_id,
            organisation_id=made.organisation_id,
        )
    startup.end()
    now = make.details(made.public_id)
    assert (now.state, now.booked_by.name) == (State.CONFIRMED, "Karim")


def test_nobody_books_with_a_membership_that_ended_meanwhile(startup: Startup) -> None:
    startup.end()
    with pytest.raises(InvalidError) as refused:
        startup.booked()  # as a request that was loaded before
    assert "organisation" in refused.value.fields


def test_the_last_manager_stays_unless_the_operator_says_so(startup: Startup) -> None:
    arguments = (startup.id, startup.manager.public_id, CANCEL)
    with pytest.raises(LastOneError):
        departures.end_membership(startup.manager, *arguments)
    with pytest.raises(LastOneError):
        organisations.set_role(
            startup.manager, startup.id, startup.manager.public_id, MemberRole.MEMBER
        )
    departures.end_membership(make.operator(), *arguments)
    assert make.actor(startup.manager.person_id).memberships == ()


def test_a_second_manager_may_go(startup: Startup) -> None:
    organisations.set_role(
        startup.manager, startup.id, startup.colleague.public_id, MemberRole.MANAGER
    )
    departures.end_membership(startup.manager, startup.id, startup.manager.public_id, CANCEL)
    assert make.actor(startup.manager.person_id).memberships == ()


def test_a_manager_whose_end_is_set_does_not_stand_in_for_one_without(startup: Startup) -> None:
    organisations.set_role(
        startup.manager, startup.id, startup.colleague.public_id, MemberRole.MANAGER
    )
    ends = clock.today(zones.zone(make.CASABLANCA)) + timedelta(days=3)
    departures.end_membership(
        startup.manager, startup.id, startup.colleague.public_id, CANCEL, last_day=ends
    )
    with pytest.raises(LastOneError):
        departures.end_membership(startup.manager, startup.id, startup.manager.public_id, CANCEL)
    with pytest.raises(LastOneError):
        organisations.set_role(
            startup.manager, startup.id, startup.manager.public_id, MemberRole.MEMBER
        )
    # Whose end is set may go earlier, as long as somebody stays at least as long.
    departures.end_membership(startup.manager, startup.id, startup.colleague.public_id, CANCEL)
    assert make.actor(startup.colleague.person_id).memberships == ()


def test_of_two_whose_ends_are_set_the_one_who_stays_longer_is_needed(startup: Startup) -> None:
    organisations.set_role(
        startup.manager, startup.id, startup.colleague.public_id, MemberRole.MANAGER
    )
    today = clock.today(zones.zone(make.CASABLANCA))
    for who, days in ((startup.manager, 9), (startup.colleague, 3)):
        departures.end_membership(
            make.operator(), startup.id, who.public_id, CANCEL, last_day=today + timedelta(days)
        )
    with pytest.raises(LastOneError):
        departures.end_membership(startup.manager, startup.id, startup.manager.public_id, CANCEL)
    departures.end_membership(startup.manager, startup.id, startup.colleague.public_id, CANCEL)


def test_an_invitation_is_withdrawn_unless_something_is_booked_or_they_have_come(
    startup: Startup,
) -> None:
    made = startup.booked()
    arguments = (startup.manager, startup.id, startup.leaver.public_id)
    with pytest.raises(PlanChangedError):
        departures.withdraw_invitation(*arguments)
    service.cancel(startup.leaver, made.public_id, reason="")
    with pytest.raises(StaleError):
        departures.withdraw_invitation(*arguments)
    assert make.actor(startup.leaver.person_id).memberships
    with transaction() as current:
        current.execute(
            update(Person).where(Person.id == startup.leaver.person_id).values(password_hash=None)
        )
    departures.withdraw_invitation(*arguments)
    assert make.actor(startup.leaver.person_id).memberships == ()


def test_members_and_managers_elsewhere_may_not(startup: Startup) -> None:
    for who, error in (
        (startup.colleague, ForbiddenError),
        (make.member_of(is_manager=True), NotFoundError),
        (make.auditor(), ForbiddenError),
    ):
        with pytest.raises(error):
            departures.end_membership(who, startup.id, startup.leaver.public_id, CANCEL)


# --- what people are told ---


def test_everybody_is_told_once(startup: Startup, run: Run, told: Told) -> None:
    startup.booked()
    startup.booked(days=2)
    dropped = startup.booked(days=3)
    run()
    startup.end(Choices(for_all=startup.colleague.public_id, single={dropped.public_id: None}))
    run()
    letters = {one.recipient_id: one for one in told(MessageKind.HANDED_OVER)}
    assert set(letters) == {startup.leaver.person_id, startup.colleague.person_id}
    assert told(MessageKind.CANCELLED) == []
    assert "2 reservations were handed over to you" in str(
        letters[startup.colleague.person_id].title
    )
    text = str(letters[startup.leaver.person_id].text)
    assert "Your membership has ended" in text
    assert "Handed over to colleagues" in text
    assert "Cancelled" in text


def test_reminders_follow_the_new_holder(startup: Startup, run: Run, told: Told) -> None:
    startup.booked(days=3)
    run()
    startup.end(Choices(for_all=startup.colleague.public_id))
    run()
    planned = {
        one.recipient_id for one in told(MessageKind.REMINDER) if one.state is MessageState.PLANNED
    }
    assert planned == {startup.colleague.person_id}


# --- a term that ends by its date ---


@pytest.mark.parametrize("has_manager", [True, False])
def test_when_a_term_is_over_the_manager_gets_what_is_left(
    app: Flask, run: Run, has_manager: bool
) -> None:
    organisation = make.organisation()
    if has_manager:
        make.member_of(organisation, name="Youssef", is_manager=True)
    today = clock.now().date()
    leaver = make.join(make.person("Salma"), organisation, until=today)
    made = make.reservation(
        leaver, make.desk(), starts_at=make.at(10, days=3), organisation_id=organisation.public_id
    )
    run()
    assert make.details(made.public_id).person.name == "Salma"
    with clock.frozen_at(clock.now() + timedelta(days=1)):
        run()
        now = make.details(made.public_id)
    if has_manager:
        assert (now.state, now.person.name) == (State.CONFIRMED, "Youssef")
    else:
        assert (now.state, now.closing_reason) == (State.CANCELLED, HouseReason.MEMBERSHIP_ENDED)


# --- a person ---


def test_a_closed_account_opens_nothing_any_more(startup: Startup) -> None:
    operator = make.operator()
    made, private = startup.booked(), make.reservation(startup.leaver, make.desk())
    make.grant(startup.leaver, Role.AUDITOR)
    make.bearer(startup.leaver)
    plan = departures.person_plan(operator, startup.leaver.public_id)
    departures.deactivate_person(
        operator,
        startup.leaver.public_id,
        Choices(single={made.public_id: startup.colleague.public_id}, seen=plan.seen),
    )
    assert make.details(made.public_id).person.name == "Karim"
    assert make.details(private.public_id).closing_reason == HouseReason.ACCOUNT_CLOSED
    assert not session().scalars(select(Grant).where(Grant.role == Role.AUDITOR)).all()
    assert {"grant_taken", "person_deactivated"} <= set(_acts(startup.leaver.public_id))
    with pytest.raises(ForbiddenError):
        make.reservation(startup.leaver, make.desk())  # as a request that was loaded before
    with pytest.raises(NotFoundError):
        departures.deactivate_person(operator, startup.leaver.public_id, CANCEL)
    closing.reopen(operator, startup.leaver.public_id)
    again = make.actor(startup.leaver.person_id)
    assert (again.grants, len(again.memberships)) == ((), 1)


def test_the_last_operator_stays(app: Flask) -> None:
    operator = make.operator()
    with pytest.raises(LastOneError):
        departures.deactivate_person(operator, operator.public_id, CANCEL)
    departures.deactivate_person(make.operator(), operator.public_id, CANCEL)


def test_whoever_erases_an_account_does_it_in_their_own_transaction(startup: Startup) -> None:
    made = startup.booked()
    with transaction():
        departures.close_account(startup.leaver, startup.leaver.public_id)
        person = session().get(Person, startup.leaver.person_id)
        assert person is not None
        person.name = ""
    assert make.details(made.public_id).state is State.CANCELLED


# --- an organisation ---


def test_an_organisation_that_left_has_no_members_who_book_for_it(startup: Startup) -> None:
    operator = make.operator()
    kept, dropped = startup.booked(), startup.booked(days=2)
    departures.deactivate_organisation(
        operator,
        startup.id,
        Choices(single={kept.public_id: startup.leaver.public_id}),
    )
    now = make.details(kept.public_id)
    assert (now.state, now.person.name, now.organisation) == (State.CONFIRMED, "Salma", None)
    assert make.details(dropped.public_id).closing_reason == HouseReason.ORGANISATION_CLOSED
    assert make.actor(startup.leaver.person_id).memberships == ()
    with pytest.raises(InvalidError):
        startup.booked()
    with pytest.raises(NotFoundError):
        departures.deactivate_organisation(operator, startup.id, CANCEL)
    departures.reactivate_organisation(operator, startup.id)
    startup.booked()


def test_members_hear_once_that_their_organisation_left(
    startup: Startup, run: Run, told: Told
) -> None:
    startup.booked()
    startup.booked(days=2)
    run()
    departures.deactivate_organisation(make.operator(), startup.id, CANCEL)
    run()
    everybody = {startup.manager.person_id, startup.leaver.person_id, startup.colleague.person_id}
    letters = told(MessageKind.HANDED_OVER)
    assert {one.recipient_id for one in letters} == everybody
    assert len(letters) == len(everybody)
    assert told(MessageKind.CANCELLED) == []


def test_only_the_operator_closes_accounts_and_organisations(startup: Startup) -> None:
    with pytest.raises(ForbiddenError):
        departures.deactivate_person(startup.manager, startup.leaver.public_id, CANCEL)
    with pytest.raises(ForbiddenError):
        departures.deactivate_organisation(startup.manager, startup.id, CANCEL)


# --- what somebody who leaves has booked for others ---


def _booked_for_a_colleague(startup: Startup) -> Details:
    wish = Wish(
        (make.desk().spot.public_id,),
        make.at(10),
        make.at(12),
        person_id=startup.colleague.public_id,
        organisation_id=startup.id,
    )
    return make.details(service.book(startup.leaver, wish).public_id)


def test_a_change_at_the_moment_of_leaving_is_not_lost(app: Flask, startup: Startup) -> None:
    found = _booked_for_a_colleague(startup)
    change = Change(title="Demo")
    overtaken(app, lambda: service.change(startup.colleague, found.public_id, change), startup.end)
    end_reading()
    after = make.details(found.public_id)
    assert (after.title, after.version) == ("Demo", found.version + 2)
    assert after.booked_by_id == startup.colleague.person_id


def test_whoever_has_left_by_date_keeps_no_say_over_what_they_booked_for_others(
    startup: Startup,
) -> None:
    startup.end(last_day=clock.now().date())
    found = _booked_for_a_colleague(startup)
    with clock.frozen_at(clock.now() + timedelta(hours=17)):
        assert departures.end_next_term()
        assert not departures.end_next_term()
    assert make.details(found.public_id).booked_by_id == startup.colleague.person_id
