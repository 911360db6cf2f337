"""Refusals as whole sentences in the reader's language: the limit, and the way out."""

from collections.abc import Mapping
from typing import assert_never

from booking.core.i18n import (
    _,
    format_clock,
    format_day,
    format_duration,
    format_hours,
    format_minutes_as_clock,
    format_short_day,
    isolated,
    name_in,
    ngettext,
    pgettext,
)
from booking.core.intervals import LocalInterval
from booking.core.layout_texts import layout_in_words
from booking.core.refusals import (
    Cause,
    CheckInNotOpen,
    ClosedDay,
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
    Refusal,
    SlotTaken,
    TooFar,
    TooFewTogether,
    TooLong,
    TooManyWaitedFor,
    TooShort,
    TooSoon,
)


def describe(refusal: Refusal) -> str:
    """The sentences that say why not, and what would do instead."""
    place = refusal.resource_code or pgettext("instead of a code", "This space")
    match refusal.facts:
        case SlotTaken() as facts:
            return _slot_taken(place, facts) if facts.places == 1 else _pool_taken(place, facts)
        case OutsideHours() | ClosedDay() as facts:
            return _not_open(place, facts)
        case OffGrid() | TooShort() | TooLong() as facts:
            return _wrong_length(place, facts)
        case TooSoon() | TooFar() | InThePast() | CheckInNotOpen() as facts:
            return _wrong_moment(place, facts)
        case OverCapacity() | OutOfOrder() | NotEligible() | NotAuthorised() as facts:
            return _wrong_place(place, facts)
        case NotChangeable() | NonexistentTime() as facts:
            return _not_possible(facts)
        case TooFewTogether() | QuotaExceeded() | NotTaken() | TooManyWaitedFor() as facts:
            return _wrong_number(place, facts)
        case _ as never:
            assert_never(never)


def _wrong_number(
    place: str, facts: TooFewTogether | QuotaExceeded | NotTaken | TooManyWaitedFor
) -> str:
    if isinstance(facts, TooFewTogether):
        return _too_few_together(facts.wanted, facts.free)
    if isinstance(facts, QuotaExceeded):
        return _quota_exceeded(place, facts)
    return _not_waited_for(place, facts)


def _too_few_together(wanted: int, free: int) -> str:
    if not free:
        return _("Nothing of the kind is free at this time. Choose another time or another area.")
    return ngettext(
        "%(num)s place is free at this time, and you need %(wanted)s."
        " Choose another time, another area or fewer places.",
        "%(num)s places are free at this time, and you need %(wanted)s."
        " Choose another time, another area or fewer places.",
        free,
        wanted=wanted,
    )


def _quota_exceeded(place: str, facts: QuotaExceeded) -> str:
    """What may be had, what is used and wished for, and when there is room again."""
    return " ".join(
        (
            _quota(place, facts),
            _(
                "Used so far: %(used)s; this would take %(wanted)s.",
                used=measured(facts.measure, facts.used),
                wanted=measured(facts.measure, facts.wanted),
            ),
            _room_again(facts),
        )
    ).strip()


def measured(measure: Measure, number: int) -> str:
    """So many hours and minutes, or so many reservations."""
    if measure is Measure.MINUTES:
        return format_hours(number)
    return ngettext("%(num)s reservation", "%(num)s reservations", number)


def _quota(place: str, facts: QuotaExceeded) -> str:
    sentences = {
        (QuotaOf.PERSON, QuotaPeriod.DAY): _(
            "One person may have at most %(limit)s a day in %(place)s and the spaces that share"
            " its rules."
        ),
        (QuotaOf.PERSON, QuotaPeriod.WEEK): _(
            "One person may have at most %(limit)s a week in %(place)s and the spaces that share"
            " its rules."
        ),
        (QuotaOf.PERSON, QuotaPeriod.MONTH): _(
            "One person may have at most %(limit)s a month in %(place)s and the spaces that share"
            " its rules."
        ),
        (QuotaOf.PERSON, QuotaPeriod.AHEAD): _(
            "One person may have at most %(limit)s to come at one time in %(place)s and the spaces"
            " that share its rules."
        ),
        (QuotaOf.ORGANISATION, QuotaPeriod.DAY): _(
            "One organisation may have at most %(limit)s a day in %(place)s and the spaces that"
            " share its rules."
        ),
        (QuotaOf.ORGANISATION, QuotaPeriod.WEEK): _(
            "One organisation may have at most %(limit)s a week in %(place)s and the spaces that"
            " share its rules."
        ),
        (QuotaOf.ORGANISATION, QuotaPeriod.MONTH): _(
            "One organisation may have at most %(limit)s a month in %(place)s and the spaces that"
            " share its rules."
        ),
        (QuotaOf.ORGANISATION, QuotaPeriod.AHEAD): _(
            "One organisation may have at most %(limit)s to come at one time in %(place)s and the"
            " spaces that share its rules."
        ),
    }
    limit = measured(facts.measure, facts.limit)
    return sentences[facts.whose, facts.period] % {"limit": limit, "place": place}


def _room_again(facts: QuotaExceeded) -> str:
    if facts.frees_on is None:
        return ""
    day = format_day(facts.frees_on)
    if facts.period is QuotaPeriod.AHEAD:
        return _("The first of these begins on %(day)s; give one back, or wait for it.", day=day)
    return _("Choose a shorter time, or a day from %(day)s on.", day=day)


def _not_waited_for(place: str, facts: NotTaken | TooManyWaitedFor) -> str:
    match facts:
        case NotTaken():
            return _("%(place)s is free at this time: book it, you need not wait.", place=place)
        case TooManyWaitedFor(most=most):
            return ngettext(
                "You can wait for %(num)s thing at a time. Leave another place in line first.",
                "You can wait for %(num)s things at a time. Leave another place in line first.",
                most,
            )


def _slot_taken(place: str, facts: SlotTaken) -> str:
    if facts.busy is None:
        return _(
            "%(place)s has just been booked for this time. Choose another time or another space.",
            place=place,
        )
    if facts.kept is not None:
        return _no_room_around(place, facts.meets, facts.kept, _period(facts.busy))
    if Cause.LINKED in (facts.meets, facts.cause):
        return _linked(place, facts.meets, _period(facts.busy))
    if facts.cause is Cause.CLOSURE:
        return _closed(place, facts.names, _period(facts.busy))
    if facts.cause in (Cause.HOLD, Cause.OFFER, Cause.REPLACEMENT):
        return _held(place, facts.cause, _period(facts.busy))
    if facts.cause in (Cause.SETUP, Cause.CLEANUP):
        return _(
            "%(place)s is being prepared or cleaned %(period)s."
            " Choose another time or another space.",
            place=place,
            period=_period(facts.busy),
        )
    return _(
        "%(place)s is already booked %(period)s. Choose another time or another space.",
        place=place,
        period=_period(facts.busy),
    )


def _held(place: str, cause: Cause, period: str) -> str:
    if cause is Cause.OFFER:
        return _(
            "%(place)s is held for somebody who waited for it %(period)s."
            " Choose another time or another space.",
            place=place,
            period=period,
        )
    if cause is Cause.REPLACEMENT:
        return _(
            "%(place)s is held %(period)s for somebody whose reservation a closure has cancelled."
            " Choose another time or another space.",
            place=place,
            period=period,
        )
    return _(
        "%(place)s is held for another request %(period)s. Choose another time or another space.",
        place=place,
        period=period,
    )


def _pool_taken(place: str, facts: SlotTaken) -> str:
    if facts.busy is None:
        return ngettext(
            "%(place)s has %(num)s place, and it is not free for all of this time."
            " Choose a shorter time, another time or another space.",
            "%(place)s has %(num)s places, and none of them is free for all of this time."
            " Choose a shorter time, another time or another space.",
            facts.places,
            place=place,
        )
    return ngettext(
        "The %(num)s place of %(place)s is taken %(period)s. Choose another time or another space.",
        "All %(num)s places of %(place)s are taken %(period)s."
        " Choose another time or another space.",
        facts.places,
        place=place,
        period=_period(facts.busy),
    )


def _closed(place: str, names: Mapping[str, str] | None, period: str) -> str:
    if names:
        return _(
            "%(place)s is closed %(period)s: %(what)s. Choose another time or another space.",
            place=place,
            period=period,
            what=isolated(name_in(names)),
        )
    return _(
        "%(place)s is closed %(period)s. Choose another time or another space.",
        place=place,
        period=period,
    )


def _linked(place: str, meets: Cause, period: str) -> str:
    """What is in the way at a part of the wish, or of a wish for a part."""
    if meets is Cause.LINKED:
        return _(
            "%(place)s, a part of what you wish for, is taken %(period)s."
            " Choose another time or another space.",
            place=place,
            period=period,
        )
    return _(
        "%(place)s is in use as part of a larger space %(period)s."
        " Choose another time or another space.",
        place=place,
        period=period,
    )


def linked_in_the_way(refusal: Refusal) -> str:
    """What an operator reads who would link a space that is taken while its whole is."""
    facts = refusal.facts
    if not isinstance(facts, SlotTaken) or facts.busy is None:
        return describe(refusal)
    return _(
        "%(place)s is taken %(period)s.",
        place=refusal.resource_code or "",
        period=_period(facts.busy),
    )


def _no_room_around(place: str, meets: Cause, kept: LocalInterval, period: str) -> str:
    """What is in the way of the wish's own set-up or cleaning."""
    if meets is Cause.SETUP:
        return _(
            "Before your reservation, %(place)s stays free for set-up from %(time)s on, but it is"
            " taken %(period)s. Choose a later start or another space.",
            place=place,
            time=format_clock(kept.starts_at),
            period=period,
        )
    return _(
        "After your reservation, %(place)s stays free for cleaning until %(time)s, but it is taken"
        " %(period)s. Choose an earlier end or another space.",
        place=place,
        time=format_clock(kept.ends_at),
        period=period,
    )


def _period(busy: LocalInterval) -> str:
    """The part of a sentence that says from when to when."""
    start, end = busy.starts_at, busy.ends_at
    if start.date() == end.date():
        return _(
            "on %(day)s from %(start)s to %(end)s",
            day=format_short_day(start),
            start=format_clock(start),
            end=format_clock(end),
        )
    return _(
        "from %(first_day)s at %(start)s to %(last_day)s at %(end)s",
        first_day=format_short_day(start),
        start=format_clock(start),
        last_day=format_short_day(end),
        end=format_clock(end),
    )


def _not_open(place: str, facts: OutsideHours | ClosedDay) -> str:
    match facts:
        case ClosedDay(day=day):
            return _(
                "%(place)s is closed on %(day)s. Choose another day.",
                place=place,
                day=format_day(day),
            )
        case OutsideHours(day=day, open=spans):
            ranges = [
                _(
                    "from %(start)s to %(end)s",
                    start=format_minutes_as_clock(span.opens),
                    end=format_minutes_as_clock(span.closes),
                )
                for span in spans
            ]
            return _(
                "%(place)s is open on %(day)s %(hours)s. Choose a time within these hours.",
                place=place,
                day=format_day(day),
                hours=_(", then ").join(ranges),
            )


def _wrong_length(place: str, facts: OffGrid | TooShort | TooLong) -> str:
    match facts:
        case OffGrid(granularity_minutes=step):
            return _(
                "%(place)s can be booked in steps of %(duration)s."
                " Choose a start and an end that fall on a step.",
                place=place,
                duration=format_duration(step),
            )
        case TooShort(shortest_minutes=shortest):
            return _(
                "%(place)s can be booked for at least %(duration)s. Choose a later end.",
                place=place,
                duration=format_duration(shortest),
            )
        case TooLong(longest_minutes=longest):
            return _(
                "%(place)s can be booked for at most %(duration)s. Choose an earlier end.",
                place=place,
                duration=format_duration(longest),
            )


def _wrong_moment(place: str, facts: TooSoon | TooFar | InThePast | CheckInNotOpen) -> str:
    match facts:
        case TooSoon(notice_minutes=notice, earliest=earliest):
            return _(
                "%(place)s must be booked at least %(duration)s in advance."
                " Choose a start from %(time)s on %(day)s.",
                place=place,
                duration=format_duration(notice),
                time=format_clock(earliest),
                day=format_day(earliest),
            )
        case CheckInNotOpen(opens_at=opens_at):
            return _(
                "Presence is confirmed from %(time)s on %(day)s. Come back then.",
                time=format_clock(opens_at),
                day=format_day(opens_at),
            )
        case TooFar(horizon_days=0):
            return _("%(place)s can be booked for today only. Choose today.", place=place)
        case TooFar(horizon_days=days, last_day=last_day):
            return ngettext(
                "%(place)s can be booked at most %(num)s day ahead. Choose a day up to %(day)s.",
                "%(place)s can be booked at most %(num)s days ahead. Choose a day up to %(day)s.",
                days,
                place=place,
                day=format_day(last_day),
            )
        case InThePast(earliest=earliest):
            return _(
                "%(place)s cannot be booked for a time that is past."
                " Choose a time from %(time)s on %(day)s.",
                place=place,
                time=format_clock(earliest),
                day=format_day(earliest),
            )


def _wrong_place(place: str, facts: OverCapacity | OutOfOrder | NotEligible | NotAuthorised) -> str:
    match facts:
        case OverCapacity():
            return _too_many_people(place, facts)
        case OutOfOrder():
            return _out_of_order(place, facts)
        case NotAuthorised():
            return _not_authorised(place, facts)
        case NotEligible():
            return _(
                "%(place)s can be booked by members of an organisation only."
                " Book it for your organisation, or choose another space.",
                place=place,
            )


def _too_many_people(place: str, facts: OverCapacity) -> str:
    """With the layouts that would hold so many, where there are any."""
    if facts.layout is None and not facts.instead:
        return ngettext(
            "%(place)s takes at most %(num)s person. Choose a larger space or come with fewer.",
            "%(place)s takes at most %(num)s people. Choose a larger space or come with fewer.",
            facts.capacity,
            place=place,
        )
    takes = ngettext(
        "%(place)s takes at most %(num)s person in this layout: %(layout)s.",
        "%(place)s takes at most %(num)s people in this layout: %(layout)s.",
        facts.capacity,
        place=place,
        layout=layout_in_words(facts.layout),
    )
    if not facts.instead:
        return " ".join((takes, _("Choose a larger space or come with fewer.")))
    others = [
        ngettext(
            "%(layout)s (%(num)s person)",
            "%(layout)s (%(num)s people)",
            one.capacity,
            layout=layout_in_words(one.layout),
        )
        for one in facts.instead
    ]
    return " ".join((takes, _("Large enough: %(layouts)s.", layouts=_(", ").join(others))))


def _not_authorised(place: str, facts: NotAuthorised) -> str:
    if facts.valid_until is None:
        return _(
            "%(place)s may only be used with an authorisation. A lab manager of this space gives"
            " it: ask them before you book, or choose another space.",
            place=place,
        )
    return _(
        "The authorisation for %(place)s is valid until %(until)s only. A lab manager of this space"
        " prolongs it: ask them, or choose an earlier day.",
        place=place,
        until=format_day(facts.valid_until),
    )


def _out_of_order(place: str, facts: OutOfOrder) -> str:
    """Four whole sentences: with and without a reason, with and without a date."""
    if facts.because and facts.expected_back:
        return _(
            "%(place)s is out of order: %(reason)s. It is expected back on %(day)s at %(time)s."
            " Choose a later time or another space.",
            place=place,
            reason=facts.because.rstrip(". "),
            day=format_day(facts.expected_back),
            time=format_clock(facts.expected_back),
        )
    if facts.because:
        return _(
            "%(place)s is out of order: %(reason)s. Choose another space.",
            place=place,
            reason=facts.because.rstrip(". "),
        )
    if facts.expected_back:
        return _(
            "%(place)s is out of order. It is expected back on %(day)s at %(time)s."
            " Choose a later time or another space.",
            place=place,
            day=format_day(facts.expected_back),
            time=format_clock(facts.expected_back),
        )
    return _("%(place)s is out of order. Choose another space.", place=place)


def _not_possible(facts: NotChangeable | NonexistentTime) -> str:
    match facts:
        case NotChangeable(obstacle=obstacle):
            return _not_changeable(obstacle)
        case NonexistentTime(starts_at=start):
            return _(
                "On %(day)s the clocks jump over this time (%(time)s). Choose another time.",
                day=format_day(start),
                time=format_clock(start),
            )


def _not_changeable(obstacle: Obstacle) -> str:
    return {
        Obstacle.CONFIRMED: _(
            "This reservation is already confirmed. There is nothing left to decide."
        ),
        Obstacle.DECLINED: _("This reservation was declined. Book again instead."),
        Obstacle.CANCELLED: _("This reservation is cancelled. Book again instead."),
        Obstacle.EXPIRED: _("This request has expired. Book again instead."),
        Obstacle.ENDED: _(
            "This reservation is over and can no longer be changed. Book again instead."
        ),
        Obstacle.BEGUN: _(
            "This reservation has begun: its start and its space can no longer be changed."
            " Change its end, or release the rest."
        ),
        Obstacle.CANCEL_TOO_LATE: _(
            "This reservation has begun and can no longer be cancelled. Release the rest instead."
        ),
        Obstacle.QUESTION_WAITS: _(
            "This request has a question that still waits for its answer. Ask again once it came."
        ),
        Obstacle.NOTHING_ASKED: _(
            "This request has no question that waits for an answer. Look at it once more."
        ),
        Obstacle.RELEASED: _(
            "This reservation was released, because nobody had confirmed their presence in time."
            " Book again instead."
        ),
        Obstacle.CHECKED_IN: _(
            "This reservation is attended already. Nobody has to keep the place for you."
        ),
        Obstacle.LATE_ALREADY: _(
            "This reservation is kept longer already, which is done once. Come before that is over."
        ),
        Obstacle.PENDING: _(
            "This request still waits for its answer. Confirm your presence once it is confirmed."
        ),
        Obstacle.NO_CHECK_IN: _(
            "This reservation asks nobody to confirm their presence. You can just come."
        ),
        Obstacle.NOT_CHECKED_IN: _(
            "This reservation has no confirmed presence. There is nothing to take back."
        ),
        Obstacle.OFFER_OVER: _(
            "This reserved place is no longer held for you."
            " Book it if it is still free, or wait for it once more."
        ),
        Obstacle.UNDO_TOO_LATE: _(
            "This reservation was attended too long ago to take that back. Release the rest of the"
            " time instead."
        ),
        Obstacle.CHANGE_WAITS: _(
            "This reservation has a change that waits for approval. Withdraw the change first."
        ),
        Obstacle.APPROVED_IN_PERSON: _(
            "This reservation was approved for the person who has it. Ask whoever decides there to"
            " transfer it, or cancel it and let your colleague ask."
        ),
    }[obstacle]
