"""Maintenance closures of the demo park, as claims of the house."""

from __future__ import annotations

from datetime import timedelta

from booking.demo.chance import public_id, stream
from booking.demo.people import OPERATOR
from booking.demo.places import MAINTENANCE
from booking.demo.rows import Row, Rows
from booking.demo.scene import Scene
from booking.journal.models import JournalLine
from booking.occupancy.models import ClaimKind, Closure, ClosureKind, ClosureResource, occupancy

ANNOUNCED = timedelta(days=10)


def close(scene: Scene) -> Rows:
    """Take the times before anybody books them, and say who closed what."""
    chance, rows = stream("upkeep"), Rows()
    operator = scene.people.id_of[OPERATOR]
    for number, plan in enumerate(MAINTENANCE, 1):
        place = scene.places[plan.code]
        day = scene.open_day(place, plan.open_days)
        local = scene.local(day, plan.opens * 60, plan.closes * 60)
        scene.taken.take(place, local)
        interval = local.project()
        made_at = min(interval.starts_at - ANNOUNCED, scene.midnight - ANNOUNCED / 10)
        closure: Row = {
            "id": number,
            "public_id": public_id(chance, made_at),
            "kind": ClosureKind.MAINTENANCE,
            "names": plan.names,
            "starts_at": interval.starts_at,
            "ends_at": interval.ends_at,
            "ended_at": None,
            "made_by_id": operator,
            "created_at": made_at,
            "holiday_id": None,
        }
        rows.add(Closure, [closure])
        rows.add(ClosureResource, [{"closure_id": number, "resource_id": place.resource_id}])
        rows.add(
            occupancy,
            [
                {
                    "resource_id": place.resource_id,
                    "unit": unit,
                    "starts_at": interval.starts_at,
                    "ends_at": interval.ends_at,
                    "kind": ClaimKind.CLOSURE.value,
                    "reservation_id": None,
                    "closure_id": number,
                    "hold_id": None,
                }
                for unit in range(1, place.spot.units + 1)
            ],
        )
        rows.add(
            JournalLine,
            [
                {
                    "at": made_at,
                    "actor_id": operator,
                    "act": "closed",
                    "subject_kind": "closure",
                    "subject_id": closure["public_id"],
                    "before": None,
                    "after": {
                        "resource": plan.code,
                        "spaces": 1,
                        "closure_kind": ClosureKind.MAINTENANCE.value,
                        "starts_at": interval.starts_at.isoformat(timespec="minutes"),
                        "ends_at": interval.ends_at.isoformat(timespec="minutes"),
                        "displaced": 0,
                    },
                }
            ],
        )
    return rows
