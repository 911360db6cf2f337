"""The acts one meets first when trying the demo: Salma's, and what waits on Nadia's list."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from booking.core import zones
from booking.core.intervals import LocalInterval
from booking.demo import displaced
from booking.demo.ledger import Aim, Entry, Holder
from booking.demo.people import BIOLOGY, LAB_MANAGER, MANAGER, MEMBER, RECEPTION
from booking.demo.scene import Scene
from booking.reservations import repetition
from booking.reservations.models import DeclineReason, SkipReason
from booking.reservations.repetition import Every, Repetition

LAST_ORDERS = 15  # o'clock; later, the desk of the first page is one of the next working day


def tell(scene: Scene) -> None:
    """Before chance fills the rest."""
    _Story(scene).tell()


class _Story:
    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._salma = scene.people.holder(MEMBER)
        self._nadia = scene.people.id_of[LAB_MANAGER]
        self._colleagues = tuple(
            holder
            for holder in scene.people.holders
            if holder.organisation_id and holder.organisation_id != self._salma.organisation_id
        )

    def tell(self) -> None:
        """Salma's weeks, then what waits for Nadia."""
        self._salmas_past()
        self._salmas_present()
        self._together()
        self._week_by_week()
        self._in_line()
        self._a_guest()
        self._soon_displaced()
        self._requests_for_nadia()

    # --- Salma ---

    def _salmas_past(self) -> None:
        for days_ago, code in ((-2, "A1-12"), (-4, "A1-12"), (-7, "A1-11"), (-12, "A2-05")):
            self._desk(code, self._day(code, days_ago))
        meeting = self._aim("A1-R1", self._day("A1-R1", -3), 10, 11.5, "Revue de sprint", 5)
        self._book(self._salma, meeting, days_before=4)
        ledger = self._scene.ledger
        tested = self._aim("ELEC-3", self._day("ELEC-3", -6), 14, 17, "Essais du bras v2", 4)
        entry = self._book(self._salma, tested, days_before=5)
        ledger.approve(entry, self._nadia, self._later(entry, hours=20))
        declined = self._aim("BIO-2", self._day("BIO-2", -5), 9, 12, "Test de résine", 3)
        entry = self._book(self._salma, declined, days_before=6)
        ledger.decline(
            entry,
            self._scene.people.id_of[BIOLOGY],
            "La prochaine formation à la sécurité chimique a lieu lundi.",
            self._later(entry, hours=26),
            DeclineReason.AUTHORISATION_MISSING,
        )
        left = self._aim("A2-R2", self._day("A2-R2", -1), 15, 16, "Entretien d'embauche", 3)
        entry = self._book(self._salma, left, days_before=3)
        at = entry.aim.interval.starts_at - timedelta(hours=5)
        ledger.cancel(entry, self._salma.person_id, "Candidat indisponible", at)

    def _salmas_present(self) -> None:
        place = self._scene.places["A1-12"]
        local_now = zones.to_local(self._scene.now, self._scene.calendar.zone)
        today = self._day("A1-12", 0)
        if today == local_now.date() and local_now.hour >= LAST_ORDERS:
            today = self._day("A1-12", 1)
        self._desk("A1-12", today)
        assert self._scene.spans(place, today)
        team = self._aim("A1-R3", self._day("A1-R3", 4), 10, 11, "Point d'équipe", 7)
        self._book(self._salma, team, hours_ago=49)
        confirmed = self._aim("ELEC-1", self._day("ELEC-1", 6), 9, 12, "Carte moteur, série A", 4)
        entry = self._book(self._salma, confirmed, hours_ago=120)
        self._scene.ledger.approve(entry, self._nadia, self._later(entry, hours=6))

    def _soon_displaced(self) -> None:
        """A room that her manager has, until a closure takes it (`displaced`)."""
        manager = self._scene.people.holder(MANAGER)
        pitch = self._aim("A2-R2", self._day("A2-R2", 7), 16, 18, displaced.TITLE, 4)
        self._book(manager, pitch, hours_ago=50)

    def _together(self) -> None:
        """A lab with two machines, a room that the manager has booked for Salma, and desks that
        she has booked for her team."""
        scene = self._scene
        day = self._day("ELEC-4", 8)
        lab = self._aim("ELEC-4", day, 9, 11, "Mesures avec deux oscilloscopes", 4)
        measuring = replace(lab, beside=(scene.places["OSC-3"], scene.places["OSC-4"]))
        entry = self._book(self._salma, measuring, hours_ago=70)
        scene.ledger.approve(entry, self._nadia, self._later(entry, hours=5))
        for_salma = replace(
            self._salma,
            booked_by=scene.people.id_of[MANAGER],
            person=scene.people.public_id_of(self._salma.person_id),
        )
        review = self._aim("A1-R3", self._day("A1-R3", 6), 14, 15, "Revue avec la direction", 5)
        self._book(for_salma, review, hours_ago=26)
        self._desks_for_a_team()

    def _desks_for_a_team(self) -> None:
        scene = self._scene
        team = [
            one
            for one in scene.people.holders
            if one.organisation_id == self._salma.organisation_id
            and one.person_id not in (self._salma.person_id, scene.people.id_of[MANAGER])
        ][:3]
        named = [
            replace(
                one,
                booked_by=self._salma.person_id,
                person=scene.people.public_id_of(one.person_id),
            )
            for one in team
        ]
        codes = ("A2-01", "A2-02", "A2-03", "A2-04")
        day = self._day(codes[0], 9)
        aims = [self._aim(code, day, 9, 17, "Semaine du prototype") for code in codes]
        for aim in aims:
            scene.taken.take(aim.place, aim.local)
        holders = (self._salma, *named)
        at = scene.now - timedelta(hours=3)
        scene.ledger.book_together(list(zip(holders, aims, strict=True)), at)

    def _week_by_week(self) -> None:
        """Salma's weekly review, and the short meeting of her manager each working day."""
        review = Repetition(Every.WEEK, count=8)
        self._series(self._salma, "A1-R1", review, (9, 10.5, "Point produit hebdomadaire", 5))
        working_days = frozenset(range(5))
        daily = Repetition(Every.WEEK, weekdays=working_days, count=30)
        manager = self._scene.people.holder(MANAGER)
        self._series(manager, "A1-R4", daily, (9, 9.5, "Stand-up", 4))

    def _series(
        self, holder: Holder, code: str, repeats: Repetition, what: tuple[float, float, str, int]
    ) -> None:
        """Booked three weeks ago, from a week later on."""
        scene, place = self._scene, self._scene.places[code]
        opens, closes, title, headcount = what
        first = self._day(code, -10)
        planned = repetition.plan(repeats, first, lambda day: not scene.spans(place, day))
        aims, skips = [], []
        for one in planned:
            aim = self._aim(code, one.day, opens, closes, title, headcount)
            if one.is_skipped:
                skips.append((aim.local.starts_at, SkipReason.CLOSED_DAY))
            elif not scene.taken.is_free(place, aim.local):
                skips.append((aim.local.starts_at, SkipReason.SLOT_TAKEN))
            else:
                scene.taken.take(place, aim.local)
                aims.append(aim)
        at = aims[0].interval.starts_at - timedelta(days=7, minutes=23)
        scene.ledger.book_series(holder, repeats, aims, skips, at)

    def _in_line(self) -> None:
        """A room that a colleague has, and for which Salma waits."""
        day = self._day("A1-R2", 5)
        kickoff = self._aim("A1-R2", day, 10, 12, "Comité de pilotage", 4)
        if self._scene.taken.is_free(kickoff.place, kickoff.local):
            self._book(self._colleagues[11], kickoff, hours_ago=60)
        wished = self._aim("A1-R2", day, 10, 12, "Démonstration au client", 4)
        self._scene.ledger.wait(self._salma, wished, self._scene.now - timedelta(hours=22))

    # --- Hamza ---

    def _a_guest(self) -> None:
        """A visitor without an account, whom the reception expects on the next working day."""
        visit = self._aim("A0-R1", self._day("A0-R1", 1), 10, 11, "Visite du parc", 2)
        hamza = Holder(self._scene.people.id_of[RECEPTION], guest="Delphine Marchand")
        self._book(hamza, visit, hours_ago=21)

    # --- Nadia ---

    def _requests_for_nadia(self) -> None:
        """Seven: Salma's with a question, three that want one time, a change, a newcomer's, and a
        late one, asked about and answered."""
        salmas = self._aim("ELEC-3", self._day("ELEC-3", 5), 9, 13, "Essais du bras v3", 4)
        entry = self._book(self._salma, salmas, hours_ago=20)
        now, ledger = self._scene.now, self._scene.ledger
        ledger.ask(
            entry,
            self._nadia,
            "Le bras v3 a-t-il passé le contrôle de sécurité ?",
            now - timedelta(hours=18),
        )
        day = self._day("DATA-1", 4)
        for number, (opens, closes, title) in enumerate(
            (
                (9, 12, "Model training"),
                (10, 13, "Détection de défauts, lot 7"),
                (11, 14, "تجربة الرؤية الليلية"),
            )
        ):
            wish = self._aim("DATA-1", day, opens, closes, title, 3 + number)
            self._book(self._colleagues[7 + 31 * number], wish, hours_ago=30 - 11 * number)
        self._change_that_waits()
        first = self._aim("ELEC-4", self._day("ELEC-4", 3), 14, 16, "Premier banc d'essai", 2)
        self._book(self._scene.people.newcomers[0], first, hours_ago=5)
        late = self._aim("OSC-2", self._day("OSC-2", 3), 9, 11, "Mesures de la série B", 1)
        entry = self._book(self._colleagues[52], late, hours_ago=41)
        asked, answered = now - timedelta(hours=39), now - timedelta(hours=37)
        ledger.ask(entry, self._nadia, "Quelles sondes apportez-vous ?", asked)
        answer = "Deux sondes passives de 500 MHz et notre propre adaptateur."
        ledger.answer(entry, self._colleagues[52].person_id, answer, answered)

    def _change_that_waits(self) -> None:
        """A confirmed lab that would like to begin an hour earlier and end an hour later."""
        day = self._day("ELEC-6", 4)
        aim = self._aim("ELEC-6", day, 10, 13, "Campagne de tests", 6)
        longer = self._scene.local(day, 9 * 60, 14 * 60)
        self._scene.taken.take(aim.place, longer)
        created = self._scene.now - timedelta(hours=150)
        entry = self._scene.ledger.book(self._colleagues[19], aim, created)
        self._scene.ledger.approve(entry, self._nadia, self._later(entry, hours=4))
        asked = self._scene.now - timedelta(hours=9)
        self._scene.ledger.ask_for_change(entry, longer, asked)

    # --- shared ---

    def _day(self, code: str, number: int) -> date:
        return self._scene.open_day(self._scene.places[code], number)

    def _aim(
        self, code: str, day: date, opens: float, closes: float, title: str = "", headcount: int = 1
    ) -> Aim:
        local = self._scene.local(day, round(opens * 60), round(closes * 60))
        return Aim(self._scene.places[code], local, title, headcount)

    def _desk(self, code: str, day: date) -> None:
        self._book(self._salma, self._aim(code, day, 9, 18), days_before=1)

    def _book(
        self, holder: Holder, aim: Aim, *, hours_ago: float = 0, days_before: float = 0
    ) -> Entry:
        """Booked so long ago, or so long before it begins, but never after yesterday evening."""
        at = self._scene.now - timedelta(hours=hours_ago)
        if days_before:
            at = aim.interval.starts_at - timedelta(days=days_before, minutes=-37)
            at = min(at, self._scene.now - timedelta(hours=14))
        if aim.place.limits.holds_while_pending:
            for place in aim.places:
                self._scene.taken.take(place, aim.local)
        elif self._scene.taken.is_free(aim.place, aim.local):
            self._scene.taken.take(aim.place, _hour_around(aim.local))
        return self._scene.ledger.book(holder, aim, at)

    def _later(self, entry: Entry, *, hours: float) -> datetime:
        """When the decision was made: so many hours later, in time, and not in the future."""
        assert entry.decide_by is not None  # only requests are decided on
        latest = min(entry.decide_by, self._scene.now) - timedelta(minutes=3)
        return min(entry.created_at + timedelta(hours=hours), latest)


def _hour_around(local: LocalInterval) -> LocalInterval:
    """Requests that hold nothing share a time: it is kept free of everything else."""
    hour = timedelta(hours=1)
    return LocalInterval(local.starts_at - hour, local.ends_at + 2 * hour, local.zone_name)
