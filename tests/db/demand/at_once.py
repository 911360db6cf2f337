"""Processes that count refusals at the same moment, on one database."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.synchronize import Barrier

from booking import create_app
from booking.core import clock
from booking.core.errors import RefusedError
from booking.core.refusals import OutOfOrder, Reason, Refusal, TooFewTogether
from booking.demand import service
from config import Settings
from tests.processes import others

PATIENCE_SECONDS = 120
TIMES = 8


@dataclass(frozen=True)
class Scene:
    """Where they count, when, and what for: two spaces of two kinds."""

    settings: Settings
    now: datetime
    resources: Sequence[str]
    starts_at: datetime


def rush(scene: Scene, processes: int) -> None:
    """Let them all count `TIMES` refusals for two reasons, beginning together."""
    barrier = others.Barrier(processes)
    started = [others.Process(target=_refuse, args=(scene, barrier)) for _ in range(processes)]
    for process in started:
        process.start()
    for process in started:
        process.join(PATIENCE_SECONDS)
        assert process.exitcode == 0


def _refuse(scene: Scene, barrier: Barrier) -> None:
    refusals = (
        Refusal(Reason.TOO_FEW_TOGETHER, TooFewTogether(wanted=2, free=0)),
        Refusal(Reason.OUT_OF_ORDER, OutOfOrder("", None), "L-1"),
    )
    with create_app(scene.settings).app_context(), clock.frozen_at(scene.now):
        barrier.wait(PATIENCE_SECONDS)
        for _ in range(TIMES):
            with suppress(RefusedError), service.counting(scene.resources, scene.starts_at, 3):
                raise RefusedError(refusals)
