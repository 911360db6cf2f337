"""An import does what its dry run said, all of it or nothing, and twice is once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from booking.core import clock, csv_text
from booking.core.database import session
from booking.core.errors import ForbiddenError, NotFoundError, Problem
from booking.core.permissions import Actor
from booking.exchange import export, service, templates
from booking.exchange.export import Export
from booking.exchange.models import ImportDraft
from booking.exchange.planning import Line, Outcome
from booking.exchange.rules import Subject
from booking.exchange.service import NotReadyError
from booking.journal.models import JournalLine
from booking.messages.models import Message, MessageKind
from booking.people.models import Membership, Person
from booking.policies import facts
from booking.reservations import departures, linking
from booking.reservations.departures import Choices
from booking.spaces import inventory
from booking.spaces.models import Resource
from tests import make
from tests.conftest import Statements


@pytest.fixture
def operator(app: Flask) -> Actor:
    make.site()
    make.policy()
    make.hours()
    for kind in ("desk", "lab"):
        make.kind(kind)
    make.feature("projector")
    return make.operator()


def template(subject: Subject) -> bytes:
    return b"".join(csv_text.octets(templates.rows(subject)))


def exported(who: Actor, subject: Subject) -> bytes:
    return b"".join(csv_text.octets(export.rows(who, Export(subject.value))))


def bring(who: Actor, subject: Subject, octets: bytes) -> service.Report:
    return service.carry_out(who, service.try_out(who, subject, octets).public_id)


def outcomes(report: service.Report) -> list[Outcome]:
    return [line.outcome for line in report.lines]


def fill(who: Actor) -> None:
    for subject in Subject:
        bring(who, subject, template(subject))


def test_the_templates_fill_a_park_and_a_second_time_changes_nothing(operator: Actor) -> None:
    fill(operator)
    assert session().scalar(select(func.count()).select_from(Resource)) == 41
    for subject in Subject:
        again = service.try_out(operator, subject, template(subject))
        assert set(outcomes(again)) == {Outcome.UNCHANGED}
        assert not again.is_ready
        with pytest.raises(NotReadyError):
            service.carry_out(operator, again.public_id)


def test_what_was_exported_comes_back_unchanged(operator: Actor) -> None:
    fill(operator)
    bring(
        operator,
        Subject.RESOURCES,
        b"code;area;kind;name_fr;features;state;reason;expected_back\n"
        b"=SUM(1);A1-NORTH;lab;'=cmd;projector;out_of_order;-1 fuse;2026-12-01\n",
    )
    for subject in Subject:
        found = service.try_out(operator, subject, exported(operator, subject))
        assert set(outcomes(found)) == {Outcome.UNCHANGED}, (subject, found.lines)
    assert b"\n=" not in exported(operator, Subject.RESOURCES)


def test_people_are_invited_once_and_belong_where_the_file_says(operator: Actor) -> None:
    fill(operator)
    invited = select(func.count()).where(Message.kind == MessageKind.INVITATION)
    assert session().scalar(invited) == 2
    file = (
        b"email,name,language,organisation,role\n"
        b"SALMA@atlas.example,Salma E.,ar,Zellige Studio,\n"
        b"omar@atlas.example,,,Atlas Robotics,manager\n"
    )
    report = bring(operator, Subject.PERSONS, file)
    assert outcomes(report) == [Outcome.NEW, Outcome.CHANGED]
    salma = session().scalars(select(Person).where(Person.email == "salma@atlas.example")).one()
    assert (salma.name, salma.language, salma.password_hash) == ("Salma E.", "ar", None)
    assert session().scalar(select(func.count()).select_from(Membership)) == 3


def test_a_wrong_line_stops_all_of_it_and_says_what_is_wrong(operator: Actor) -> None:
    fill(operator)
    file = (
        b"code,area,kind,policy,hours,capacity,features,state,expected_back\n"
        b"B-1,A1-NORTH,desk,,,,,,\n"
        b"B-1,A1-NORTH,desk,,,,,,\n"
        b"B-2,NOWHERE,boat,Nobody,99,0,unknown,broken,tomorrow\n"
        b"B-9..B-3,A1-NORTH,desk,,,,,,\n"
        b"B-3,NOWHERE,boat,,,0,unknown,,\n"
        b",A1-NORTH,desk,,,,,,\n"
    )
    report = service.try_out(operator, Subject.RESOURCES, file)
    assert report.lines == (
        Line(2, "B-1", Outcome.NEW),
        Line(3, "B-1", Outcome.ERROR, {"line": Problem.REUSED}),
        Line(
            4,
            "B-2",
            Outcome.ERROR,
            {"state": Problem.UNREADABLE, "expected_back": Problem.UNREADABLE},
        ),
        Line(5, "B-9..B-3", Outcome.ERROR, {"code": Problem.ENDS_BEFORE_IT_STARTS}),
        Line(
            6,
            "B-3",
            Outcome.ERROR,
            {
                "area": Problem.NOT_FOUND,
                "kind": Problem.NOT_FOUND,
                "features": Problem.NOT_FOUND,
                "capacity": Problem.OUT_OF_RANGE,
            },
        ),
        Line(7, "", Outcome.ERROR, {"code": Problem.MISSING}),
    )
    with pytest.raises(NotReadyError):
        service.carry_out(operator, report.public_id)
    assert inventory.taken_codes(["B-1"]) == []


def test_what_changed_since_the_dry_run_is_shown_again(operator: Actor) -> None:
    report = service.try_out(operator, Subject.BUILDINGS, b"code,name_fr\nA,A\nB,B\n")
    make.building(code="A")
    with pytest.raises(NotReadyError):
        service.carry_out(operator, report.public_id)
    now = service.report(operator, report.public_id)
    assert outcomes(now) == [Outcome.CHANGED, Outcome.NEW]
    service.carry_out(operator, report.public_id)
    assert {one.draft.code for one in inventory.buildings()} == {"A", "B"}


def test_a_column_that_is_missing_changes_nothing_and_an_empty_cell_does(operator: Actor) -> None:
    fill(operator)
    bring(operator, Subject.BUILDINGS, b"code,name_fr,address\nA,Tour A,\n")
    (building,) = inventory.buildings()
    assert building.draft.names["fr"] == "Tour A"
    assert building.draft.names["ar"] == "البناية A"
    assert (building.draft.address, building.draft.latitude) == ("", 33.5561)


def test_many_changes_take_as_many_statements_as_two(
    operator: Actor, count_statements: Callable[[], AbstractContextManager[Statements]]
) -> None:
    fill(operator)

    def changing(codes: str) -> int:
        file = f"code,area,kind,capacity,features\n{codes},A1-NORTH,desk,3,projector\n".encode()
        tried = service.try_out(operator, Subject.RESOURCES, file)
        with count_statements() as found:
            service.carry_out(operator, tried.public_id)
        return found.count

    few = changing("A-01..A-02")
    assert changing("A-03..A-40") <= few
    wanted = {one.draft.code: one.draft for one in inventory.all_resources()}
    assert (wanted["A-40"].capacity, wanted["A-40"].features) == (3, ("projector",))
    lines = session().scalar(select(func.count()).where(JournalLine.act == "resource_changed"))
    assert lines == 40


LINKED = (
    b"code,area,kind,capacity,layouts,parts\n"
    b"H-A,A1-NORTH,lab,16,,\nH-B,A1-NORTH,lab,16,,\n"
    b"H-AB,A1-NORTH,lab,40,u_shape:16:45 theatre:40:30,H-A|H-B\n"
)


def test_layouts_and_what_is_taken_together_come_in_and_out(operator: Actor) -> None:
    fill(operator)
    assert outcomes(bring(operator, Subject.RESOURCES, LINKED)) == [Outcome.NEW] * 3
    assert linking.parts_by_whole() == {"H-AB": ("H-A", "H-B")}
    out = exported(operator, Subject.RESOURCES)
    assert b"theatre:40:30 | u_shape:16:45,H-A | H-B" in out
    again = service.try_out(operator, Subject.RESOURCES, out)
    assert set(outcomes(again)) == {Outcome.UNCHANGED}
    other = b"code,area,kind,parts\nH-AB,A1-NORTH,lab,\nH-A,A1-NORTH,lab,A-01\n"
    assert outcomes(bring(operator, Subject.RESOURCES, other)) == [Outcome.CHANGED] * 2
    assert linking.parts_by_whole() == {"H-A": ("A-01",)}
    (hall,) = [one for one in inventory.all_resources() if one.draft.code == "H-AB"]
    assert [one.capacity for one in hall.draft.layouts] == [40, 16]


def test_a_wrong_layout_or_part_is_named_by_line_and_column(operator: Actor) -> None:
    fill(operator)
    bring(operator, Subject.RESOURCES, LINKED)
    booked = {code: facts.place(found) for code, found in _public_ids().items()}
    make.reservation(None, booked["A-02"])
    make.reservation(None, booked["LAB-1"])
    wrong = {
        b"LAB-1,A1-NORTH,lab,theatre,,1": ("layouts", Problem.UNREADABLE),
        b"LAB-1,A1-NORTH,lab,pyramid:4:0,,1": ("layouts", Problem.UNREADABLE),
        b"LAB-1,A1-NORTH,lab,theatre:0:0,,1": ("layouts", Problem.OUT_OF_RANGE),
        b"LAB-1,A1-NORTH,lab,theatre:4:0,,3": ("layouts", Problem.POOL),
        b"LAB-1,A1-NORTH,lab,,LAB-1,1": ("parts", Problem.ITSELF),
        b"LAB-1,A1-NORTH,lab,,NO-1,1": ("parts", Problem.NOT_FOUND),
        b"LAB-1,A1-NORTH,lab,,A-01,3": ("parts", Problem.POOL),
        b"LAB-1,A1-NORTH,lab,,H-AB,1": ("parts", Problem.HAS_PARTS),
        b"H-A,A1-NORTH,lab,,A-01,1": ("parts", Problem.IS_PART),
        b"LAB-1,A1-NORTH,lab,,A-02,1": ("parts", Problem.IN_USE),
    }
    head = b"code,area,kind,layouts,parts,units\n"
    for line, (column, problem) in wrong.items():
        report = service.try_out(operator, Subject.RESOURCES, head + line + b"\n")
        (found,) = report.lines
        assert (found.number, found.problems) == (2, {column: problem}), line


def _public_ids() -> dict[str, str]:
    return {one.draft.code: one.public_id for one in inventory.all_resources()}


def test_a_dry_run_is_its_owners_for_an_hour(operator: Actor) -> None:
    report = service.try_out(operator, Subject.BUILDINGS, b"code,name_fr\nA,A\n")
    with pytest.raises(NotFoundError):
        service.report(make.operator(), report.public_id)
    with pytest.raises(ForbiddenError):
        service.report(make.auditor(), report.public_id)
    with clock.frozen_at(clock.now() + timedelta(hours=1)):
        with pytest.raises(NotFoundError):
            service.carry_out(operator, report.public_id)
        service.forget_old_drafts()
    assert session().scalar(select(func.count()).select_from(ImportDraft)) == 0


def test_exports_are_for_operators_and_auditors_and_are_noted(operator: Actor) -> None:
    auditor = make.auditor()
    make.reservation(make.member_of(make.organisation("=Atlas")), make.desk(), title="-1+1")
    text = b"".join(csv_text.octets(export.rows(auditor, Export.RESERVATIONS))).decode()
    assert "confirmed" in text
    assert ",'-1+1," in text
    assert "2026-10-06T10:00,2026-10-06T11:00" in text
    with pytest.raises(ForbiddenError):
        export.rows(make.person(), Export.PERSONS)
    noted = select(JournalLine).where(JournalLine.act == "exported")
    (line,) = session().scalars(noted)
    assert (line.actor_id, line.subject_id) == (auditor.person_id, "reservations")


def test_whose_organisations_are_all_deactivated_is_still_in_the_file(operator: Actor) -> None:
    closed, running = make.organisation("Closed"), make.organisation("Running")
    make.member_of(closed, name="Only Closed")
    make.member_of(closed, running, name="Both")
    departures.deactivate_organisation(operator, closed.public_id, Choices())
    text = exported(operator, Subject.PERSONS).decode("utf-8-sig")
    lines = [line for line in text.splitlines() if "Closed," in line or "Both," in line]
    assert sorted(line.split(",")[1:] for line in lines) == [
        ["Both", "en", "Running", "member"],
        ["Only Closed", "en", "", ""],
    ]
