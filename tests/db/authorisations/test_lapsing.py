"""That an authorisation lapses is told 30 days before: once for each last day, and never of an old
one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask

from booking.authorisations import service as authorisations
from booking.core import clock
from booking.core.database import session, transaction
from booking.core.permissions import Actor
from booking.messages.models import MessageKind, MessageState
from booking.people import terms
from booking.policies.facts import Place
from booking.policies.models import Policy
from tests import make
from tests.working import Run, Told

KIND = MessageKind.AUTHORISATION_LAPSING
LAST = date(2026, 12, 20)
DUE = datetime(2026, 11, 20, 9, tzinfo=UTC)  # nine o'clock in Casablanca, 30 days before
MINUTE, YEAR = timedelta(minutes=1), timedelta(days=365)


@pytest.fixture
def laser(app: Flask) -> Place:
    return make.room("S-01", under=make.policy(asks_for_authorisation=True))


def give(to: Actor, place: Place, until: date = LAST) -> str:
    return authorisations.give(
        make.operator("Nadia"), email=to.email, policy_id=place.policy_id, valid_until=until
    )


def test_it_is_told_once_in_the_persons_language(laser: Place, run: Run, told: Told) -> None:
    salma = make.person("Salma", language="fr")
    give(salma, laser)
    with clock.frozen_at(DUE - MINUTE):
        run()
    assert [one.state for one in told(KIND)] == [MessageState.PLANNED]
    with clock.frozen_at(DUE):
        run()
        give(salma, laser)  # the same once more
        run()
    (one,) = told(KIND)
    assert (one.recipient_id, one.state) == (salma.person_id, MessageState.KEPT)
    assert one.title is not None
    assert one.title.endswith("prend fin le dimanche 20 décembre 2026")
    assert one.text is not None
    assert "Nadia" in one.text
    assert "/authorisations/mine" in one.text


def test_prolonging_plans_anew_and_the_old_day_is_not_told(
    laser: Place, run: Run, told: Told
) -> None:
    given = give(make.person(), laser)
    authorisations.prolong(make.operator(), given, valid_until=LAST + YEAR)
    with clock.frozen_at(DUE):
        run()
    assert [one.state for one in told(KIND)] == [MessageState.WITHDRAWN, MessageState.PLANNED]
    with clock.frozen_at(DUE + YEAR + timedelta(hours=1)):
        run()
    assert [one.state for one in told(KIND)] == [MessageState.WITHDRAWN, MessageState.KEPT]


def test_what_is_taken_back_no_longer_asked_for_or_short_is_not_told(
    laser: Place, run: Run, told: Told
) -> None:
    authorisations.take_back(make.operator(), give(make.person(), laser))
    give(make.person(), laser, terms.today() + timedelta(days=29))
    assert [one.state for one in told(KIND)] == [MessageState.WITHDRAWN]
    give(make.person(), laser)
    with transaction():
        session().get_one(Policy, laser.policy_id).asks_for_authorisation = False
    with clock.frozen_at(DUE):
        run()
    assert {one.state for one in told(KIND)} == {MessageState.WITHDRAWN}
