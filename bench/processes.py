"""What processes have used: processor time and memory, as the kernel counts them."""

from __future__ import annotations

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def children(pid: int) -> list[int]:
    """The processes that this one has started and that still run."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def cpu_seconds(pids: list[int]) -> float:
    """The processor time, in the program and in the kernel, of these processes so far."""
    return sum(_cpu_ticks(pid) for pid in pids) / _TICKS


def megabytes(pids: list[int]) -> float:
    """Their memory; pages they share are counted once (PSS)."""
    return sum(_pss_kilobytes(pid) for pid in pids) / 1024


def _cpu_ticks(pid: int) -> int:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return 0  # a helper of PostgreSQL that came and went
    fields = stat.rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _pss_kilobytes(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0
