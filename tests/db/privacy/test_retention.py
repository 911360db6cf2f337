"""What is over is taken away once a day, as often as one likes, and a dry run only counts."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from sqlalchemy import func, select

from booking import worker
from booking.core import clock, jobs
from booking.core.database import end_reading, session, transaction
from booking.core.jobs import JobName
from booking.house import service as house
from booking.house.rules import Retention
from booking.journal.models import JournalLine
from booking.messages.models import Message, MessageState
from booking.people import viewings
from booking.people.models import Person, PersonState, Token
from booking.privacy import retention, service
from booking.reservations import departures
from booking.reservations import service as reservations
from booking.reservations.models import Reservation
from tests import make

LONG = timedelta(days=5000)


def _words_anywhere(word: str) -> list[str]:
    """The columns in which a word still stands."""
    end_reading()
    found = []
    for table in Person.metadata.sorted_tables:
        for row in session().execute(select(table)).mappings():
            found += [f"{table.name}.{name}" for name, value in row.items() if word in str(value)]
    return found


def test_nothing_of_a_person_stays_but_their_figures(app: Flask) -> None:
    who = make.member_of(name="Salma Zellige")
    lab = make.lab()
    made = make.reservation(who, make.desk(), title="Zellige bleu")
    reservations.cancel(who, made.public_id, reason="Zellige cassé")
    asked = make.reservation(who, lab, title="Zellige vert")
    manager = make.lab_manager(lab)
    reservations.decline(
        manager, asked.public_id, seen_version=asked.version, reason="Zellige refusé"
    )
    make.bearer(who)
    viewings.note_view(manager, who.person_id)
    worker.until_nothing_is_due(app)
    assert _words_anywhere("Zellige")
    service.anonymise(make.operator(), who.public_id)
    assert _words_anywhere("Zellige") == []
    assert session().scalar(select(func.count()).select_from(Reservation)) == 2
    assert session().scalar(select(func.count()).select_from(Token)) == 0
    states = set(
        session().scalars(select(Message.state).where(Message.recipient_id == who.person_id))
    )
    assert not states & {MessageState.PLANNED, MessageState.SENDING}


def test_what_is_over_goes_and_a_second_run_finds_nothing(app: Flask) -> None:
    who = make.member_of(name="Salma Zellige")
    made = make.reservation(who, title="Zellige bleu")
    reservations.cancel(who, made.public_id, reason="Zellige")
    closed, operator = make.person("Karim Zellige"), make.operator()
    # The database lets no line of the journal go that is young by its own clock.
    house.change_retention(operator, Retention(journal_years=None))
    departures.deactivate_person(operator, closed.public_id, departures.Choices())
    viewings.note_view(make.operator(), who.person_id)
    worker.until_nothing_is_due(app)
    with clock.frozen_at(clock.now() + LONG):
        before = retention.run(dry_run=True)
        assert (
            retention.run().counts.items()
            >= {
                "closed_accounts": 1,
                "purposes": 1,
                "views": 1,
            }.items()
        )
        assert before.counts["purposes"] == 1
        lines = session().scalars(select(JournalLine.act)).all()
        assert "retention_ran" in lines
        assert retention.run(dry_run=True).total == 0
    states = select(Person.state).where(Person.id == closed.person_id)
    assert session().scalar(states) is PersonState.ANONYMISED
    assert _words_anywhere("Zellige bleu") == []


def test_what_is_young_stays(app: Flask) -> None:
    made = make.reservation(title="Zellige")
    with transaction():
        assert retention.run().total == 0
    assert make.details(made.public_id).title == "Zellige"


def test_the_worker_does_it_once_a_day(app: Flask) -> None:
    end_reading()
    worker.tick(app)
    started = jobs.jobs()[JobName.RETENTION].last_started_at
    with clock.frozen_at(clock.now() + timedelta(hours=1)):
        end_reading()
        worker.tick(app)
        assert jobs.jobs()[JobName.RETENTION].last_started_at == started


def test_the_command_counts_without_changing(app: Flask) -> None:
    make.reservation(title="Zellige")
    result = app.test_cli_runner().invoke(args=["retention", "--dry-run"])
    assert result.exit_code == 0, result.output
    assert "0  purposes" in result.output
    assert "Nothing was changed." in result.output
