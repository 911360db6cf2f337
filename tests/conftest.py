"""What all tests share: a stopped clock, loopback only, counted statements, one PostgreSQL."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import hypothesis
import pytest
import sqlalchemy
from xdist.scheduler import LoadScopeScheduling

from booking.core import clock
from tools.postgres import Address, Server

if TYPE_CHECKING:
    from xdist.workermanage import WorkerController

# A Monday morning under the permanent UTC+0 of Morocco.
FROZEN = datetime(2026, 10, 5, 8, 0, tzinfo=UTC)
BOOKKEEPING = ("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "COMMIT")

# A slow machine is not a wrong answer, and a failure must come back when the test is run again.
hypothesis.settings.register_profile("project", deadline=None, derandomize=True, max_examples=100)
hypothesis.settings.load_profile("project")


# --- the run as a whole ---

_shared_server = contextlib.ExitStack()
_address: list[Address] = []


def _start_server_once() -> Address:
    if not _address:
        _address.append(_shared_server.enter_context(Server()).address)
    return _address[0]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: WorkerController) -> None:
    """One PostgreSQL server for all test processes: xdist calls this in the controlling one."""
    node.workerinput["postgres"] = str(_start_server_once().folder)


class _Scheduling(LoadScopeScheduling):  # type: ignore[misc]  # of no known type
    """Whoever is free takes the next test; only those on the demo park of an engine stay together
    in one process, for another one would load it again."""

    def _split_scope(self, nodeid: str) -> str:
        engine = "postgresql" if "[postgresql" in nodeid else "sqlite"
        return f"demo on {engine}" if "/demo/" in nodeid else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(
    config: pytest.Config, log: Any
) -> _Scheduling:  # Any: has no types
    """How xdist hands out the tests."""
    return _Scheduling(config, log)


def pytest_unconfigure() -> None:
    """Stop the server that this process started."""
    _shared_server.close()
    _address.clear()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """On the build server a skipped test fails the run: it hides what nobody tests any more."""
    if (
        os.environ.get("CI")
        and _skipped(session.config)
        and session.exitstatus == pytest.ExitCode.OK
    ):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Name the skipped tests where they are not allowed."""
    if os.environ.get("CI"):
        for report in _skipped(config):
            terminalreporter.write_line(
                f"skipped, which is not allowed here: {report.nodeid}", red=True
            )


def _skipped(config: pytest.Config) -> list[Any]:  # Any: reports of tests and of modules
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return list(reporter.stats.get("skipped", ())) if reporter else []


# --- what is made once ---


class Closeable(Protocol):
    """An installation, seen from here, where the program itself is not imported."""

    def close(self) -> None:
        """Give up all connections."""


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest) -> Address:
    """The PostgreSQL server of this run."""
    shared = getattr(request.config, "workerinput", {}).get("postgres")
    return Address(Path(shared)) if shared else _start_server_once()


@pytest.fixture(scope="session")
def installations() -> Iterator[dict[str, Closeable]]:
    """The installations of this test process by engine; they are closed at the end."""
    made: dict[str, Closeable] = {}
    yield made
    for installation in made.values():
        installation.close()


# --- time, network, statements ---


@pytest.fixture(autouse=True)
def stopped_clock(request: pytest.FixtureRequest) -> Iterator[datetime]:
    """The clock stands at FROZEN; a test nests `clock.frozen_at`, or is marked `real_time`."""
    if request.node.get_closest_marker("real_time"):
        yield clock.now()
    else:
        with clock.frozen_at(FROZEN) as now:
            yield now


@pytest.fixture(scope="session", autouse=True)
def loopback_only() -> Iterator[None]:
    """Refuse every connection that would leave this machine."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))
        yield


def _guarded(
    connect: Callable[..., Any],
) -> Callable[..., Any]:  # Any: both take every kind of address
    def guarded(self: socket.socket, address: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(str(address[0])):
            raise AssertionError(f"a test wanted to reach {address[0]}: only loopback is allowed")
        return connect(self, address)

    return guarded


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass
class Statements:
    """What was sent to the database, without the bookkeeping of transactions."""

    texts: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many statements; one sent with many rows is one."""
        return len(self.texts)

    def __str__(self) -> str:
        return "\n".join(f"{number}. {text}" for number, text in enumerate(self.texts, 1))


@contextmanager
def _counting() -> Iterator[Statements]:
    statements = Statements()

    def note(_connection: object, _cursor: object, text: str, *_: object) -> None:
        if not text.lstrip().upper().startswith(BOOKKEEPING):
            statements.texts.append(text)

    sqlalchemy.event.listen(sqlalchemy.Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        sqlalchemy.event.remove(sqlalchemy.Engine, "before_cursor_execute", note)


@pytest.fixture
def count_statements() -> Callable[[], AbstractContextManager[Statements]]:
    """`with count_statements() as found: ...`, then `assert found.count <= 12, found`."""
    return _counting
