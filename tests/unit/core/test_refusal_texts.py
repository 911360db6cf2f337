"""Each refusal reads as whole sentences: what the limit is, and the way out."""

from collections.abc import Iterator
from datetime import date, datetime

import pytest
from flask import Flask
from flask_babel import Babel

from booking.core.intervals import LocalInterval, Span
from booking.core.refusal_texts import describe
from booking.core.refusals import (
    FACTS,
    Cause,
    CheckInNotOpen,
    ClosedDay,
    Facts,
    InThePast,
    Measure,
    NonexistentTime,
    NotAuthorised,
    NotChangeable,
    NotEligible,
    NotTaken,
    Obstacle,
    OffGrid,
    OutOfOrder,
    OutsideHours,
    OverCapacity,
    QuotaExceeded,
    QuotaOf,
    QuotaPeriod,
    Reason,
    Refusal,
    SlotTaken,
    TooFar,
    TooFewTogether,
    TooLong,
    TooManyWaitedFor,
    TooShort,
    TooSoon,
    WhoMayBook,
)

DAY = date(2026, 11, 24)
MOMENT = datetime(2026, 11, 24, 9, 30)
BUSY = LocalInterval(
    datetime(2026, 11, 24, 10), datetime(2026, 11, 24, 11, 30), "Africa/Casablanca"
)
NIGHT = LocalInterval(datetime(2026, 11, 24, 22), datetime(2026, 11, 25, 6), "Africa/Casablanca")

SENTENCES: list[tuple[Facts, str]] = [
    (
        SlotTaken(Cause.BOOKING, BUSY),
        (
            "A-03 is already booked on Tue 24 Nov from 10:00 to 11:30."
            " Choose another time or another space."
        ),
    ),
    (
        SlotTaken(Cause.BOOKING, NIGHT),
        (
            "A-03 is already booked from Tue 24 Nov at 22:00 to Wed 25 Nov at 06:00."
            " Choose another time or another space."
        ),
    ),
    (
        SlotTaken(Cause.BOOKING, None),
        "A-03 has just been booked for this time. Choose another time or another space.",
    ),
    (
        SlotTaken(Cause.CLOSURE, BUSY),
        "A-03 is closed on Tue 24 Nov from 10:00 to 11:30. Choose another time or another space.",
    ),
    (
        SlotTaken(Cause.CLOSURE, BUSY, names={"en": "Painting"}),
        (
            "A-03 is closed on Tue 24 Nov from 10:00 to 11:30: \u2068Painting\u2069."
            " Choose another time or another space."
        ),
    ),
    (
        SlotTaken(Cause.HOLD, BUSY),
        (
            "A-03 is held for another request on Tue 24 Nov from 10:00 to 11:30."
            " Choose another time or another space."
        ),
    ),
    (
        SlotTaken(Cause.OFFER, BUSY),
        (
            "A-03 is held for somebody who waited for it on Tue 24 Nov from 10:00 to 11:30."
            " Choose another time or another space."
        ),
    ),
    (NotTaken(), "A-03 is free at this time: book it, you need not wait."),
    (
        TooManyWaitedFor(10),
        "You can wait for 10 things at a time. Leave another place in line first.",
    ),
    (
        SlotTaken(Cause.CLEANUP, BUSY),
        (
            "A-03 is being prepared or cleaned on Tue 24 Nov from 10:00 to 11:30."
            " Choose another time or another space."
        ),
    ),
    (
        SlotTaken(Cause.BOOKING, BUSY, Cause.CLEANUP, NIGHT),
        (
            "After your reservation, A-03 stays free for cleaning until 06:00, but it is taken on"
            " Tue 24 Nov from 10:00 to 11:30. Choose an earlier end or another space."
        ),
    ),
    (
        SlotTaken(Cause.CLOSURE, BUSY, Cause.SETUP, NIGHT),
        (
            "Before your reservation, A-03 stays free for set-up from 22:00 on, but it is taken on"
            " Tue 24 Nov from 10:00 to 11:30. Choose a later start or another space."
        ),
    ),
    (
        OutsideHours(DAY, (Span(480, 720), Span(840, 1440))),
        (
            "A-03 is open on Tuesday 24 November 2026 from 08:00 to 12:00,"
            " then from 14:00 to 24:00. Choose a time within these hours."
        ),
    ),
    (ClosedDay(DAY), "A-03 is closed on Tuesday 24 November 2026. Choose another day."),
    (
        OffGrid(15),
        "A-03 can be booked in steps of 15 minutes. Choose a start and an end that fall on a step.",
    ),
    (
        CheckInNotOpen(datetime(2026, 11, 24, 9, 45)),
        "Presence is confirmed from 09:45 on Tuesday 24 November 2026. Come back then.",
    ),
    (TooShort(30, 15), "A-03 can be booked for at least 30 minutes. Choose a later end."),
    (TooLong(240, 300), "A-03 can be booked for at most 4 hours. Choose an earlier end."),
    (
        TooSoon(120, MOMENT),
        (
            "A-03 must be booked at least 2 hours in advance."
            " Choose a start from 09:30 on Tuesday 24 November 2026."
        ),
    ),
    (
        TooFar(1, DAY),
        "A-03 can be booked at most 1 day ahead. Choose a day up to Tuesday 24 November 2026.",
    ),
    (
        TooFar(30, DAY),
        "A-03 can be booked at most 30 days ahead. Choose a day up to Tuesday 24 November 2026.",
    ),
    (TooFar(0, DAY), "A-03 can be booked for today only. Choose today."),
    (
        NonexistentTime(datetime(2026, 11, 24, 2, 30)),
        (
            "On Tuesday 24 November 2026 the clocks jump over this time (02:30)."
            " Choose another time."
        ),
    ),
    (
        TooFewTogether(4, 0),
        "Nothing of the kind is free at this time. Choose another time or another area.",
    ),
    (
        TooFewTogether(4, 1),
        (
            "1 place is free at this time, and you need 4."
            " Choose another time, another area or fewer places."
        ),
    ),
    (
        InThePast(MOMENT),
        (
            "A-03 cannot be booked for a time that is past."
            " Choose a time from 09:30 on Tuesday 24 November 2026."
        ),
    ),
    (
        OverCapacity(1, 2),
        "A-03 takes at most 1 person. Choose a larger space or come with fewer.",
    ),
    (
        OverCapacity(8, 12),
        "A-03 takes at most 8 people. Choose a larger space or come with fewer.",
    ),
    (OutOfOrder("", None), "A-03 is out of order. Choose another space."),
    (
        OutOfOrder("The lamp is broken.", None),
        "A-03 is out of order: The lamp is broken. Choose another space.",
    ),
    (
        OutOfOrder("", MOMENT),
        (
            "A-03 is out of order. It is expected back on Tuesday 24 November 2026 at 09:30."
            " Choose a later time or another space."
        ),
    ),
    (
        OutOfOrder("100 % worn", MOMENT),
        (
            "A-03 is out of order: 100 % worn."
            " It is expected back on Tuesday 24 November 2026 at 09:30."
            " Choose a later time or another space."
        ),
    ),
    (
        NotAuthorised(date(2026, 11, 24), None),
        (
            "A-03 may only be used with an authorisation. A lab manager of this space gives it:"
            " ask them before you book, or choose another space."
        ),
    ),
    (
        NotAuthorised(date(2026, 11, 24), date(2026, 11, 23)),
        (
            "The authorisation for A-03 is valid until Monday 23 November 2026 only. A lab manager"
            " of this space prolongs it: ask them, or choose an earlier day."
        ),
    ),
    (
        NotEligible(WhoMayBook.MEMBERS),
        (
            "A-03 can be booked by members of an organisation only."
            " Book it for your organisation, or choose another space."
        ),
    ),
    (
        QuotaExceeded(
            QuotaOf.PERSON,
            QuotaPeriod.WEEK,
            Measure.MINUTES,
            limit=600,
            used=510,
            wanted=120,
            starts_on=date(2026, 11, 23),
            frees_on=date(2026, 11, 30),
        ),
        (
            "One person may have at most 10 hours a week in A-03 and the spaces that share its"
            " rules. Used so far: 8 hours 30 minutes; this would take 2 hours."
            " Choose a shorter time, or a day from Monday 30 November 2026 on."
        ),
    ),
    (
        QuotaExceeded(
            QuotaOf.ORGANISATION,
            QuotaPeriod.AHEAD,
            Measure.RESERVATIONS,
            limit=1,
            used=1,
            wanted=2,
            starts_on=None,
            frees_on=date(2026, 11, 30),
        ),
        (
            "One organisation may have at most 1 reservation to come at one time in A-03 and the"
            " spaces that share its rules. Used so far: 1 reservation; this would take"
            " 2 reservations. The first of these begins on Monday 30 November 2026; give one back,"
            " or wait for it."
        ),
    ),
]


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    app = Flask(__name__)
    Babel(app, default_locale="en_GB")
    with app.test_request_context():
        yield


def refusal(facts: Facts, code: str | None = "A-03") -> Refusal:
    reason = next(reason for reason, kind in FACTS.items() if kind is type(facts))
    return Refusal(reason, facts, code)


@pytest.mark.parametrize(("facts", "sentence"), SENTENCES)
def test_the_sentences_name_the_limit_and_the_way_out(facts: Facts, sentence: str) -> None:
    assert describe(refusal(facts)) == sentence


def test_no_reason_is_left_without_a_text() -> None:
    told = {refusal(facts).reason for facts, _sentence in SENTENCES} | {Reason.NOT_CHANGEABLE}
    assert told == set(Reason)


@pytest.mark.parametrize("obstacle", Obstacle)
def test_every_obstacle_to_a_change_is_explained_in_two_sentences(obstacle: Obstacle) -> None:
    text = describe(refusal(NotChangeable(obstacle)))
    assert text.startswith("This re")
    assert text.endswith(".")
    assert len(text.split(". ")) == 2 or ": " in text


def test_the_obstacles_differ_in_words() -> None:
    texts = {describe(refusal(NotChangeable(obstacle))) for obstacle in Obstacle}
    assert len(texts) == len(Obstacle)


def test_a_refusal_of_no_resource_in_particular_still_has_a_subject() -> None:
    text = describe(refusal(TooLong(240, 300), code=None))
    assert text == "This space can be booked for at most 4 hours. Choose an earlier end."


def test_what_a_manager_wrote_is_shown_as_it_is() -> None:
    text = describe(refusal(OutOfOrder("%(place)s <b>100 %</b>", None)))
    assert "%(place)s <b>100 %</b>" in text
