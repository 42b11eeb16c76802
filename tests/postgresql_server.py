"""A PostgreSQL server for tests: Debian's, on loopback, with a password, gone with its block.

Plain Python: tests of any environment can use it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

USER = "keeper"
REQUIRE_VARIABLE = "REQUIRE_POSTGRESQL"
"""Environment variable: with 1, tests fail where there is no PostgreSQL, and are not skipped."""

_BINARIES = "/usr/lib/postgresql/*/bin/postgres"
_INSTALL = "PostgreSQL is not installed; `apt-get install postgresql` brings it"
_ACCOUNT = "postgres"
_START_SECONDS = 60.0
_STOP_SECONDS = 30.0
_POLL_SECONDS = 0.1


@dataclasses.dataclass(frozen=True)
class PostgresqlServer:
    """A running server, whose one user may do everything.

    Attributes:
        binaries: Folder of its programs.
        port: Where it listens, on 127.0.0.1.
        password: Of the user ``keeper``.
    """

    binaries: Path
    port: int
    password: str

    def create_database(self, name: str) -> str:
        """Create an empty database.

        Args:
            name: Its name: letters, digits and ``_``.

        Returns:
            Its URL, without the password.
        """
        _run_program(self.binaries / "createdb", *self._connection, name, environment=self.login)
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{name}"

    @property
    def login(self) -> dict[str, str]:
        """Environment variables that hold the password."""
        return {"PGPASSWORD": self.password}

    @property
    def is_ready(self) -> bool:
        """Whether it answers."""
        words = [str(self.binaries / "pg_isready"), "--quiet", *self._connection[:2]]
        return subprocess.run(words, check=False).returncode == 0

    @property
    def _connection(self) -> tuple[str, ...]:
        return ("--host=127.0.0.1", f"--port={self.port}", f"--username={USER}")


@contextlib.contextmanager
def run_postgresql() -> Iterator[PostgresqlServer]:
    """Run a server of one's own.

    Yields:
        The server, ready.
    """
    binaries = find_binaries()
    # Short, as a socket's path may not be long; its owner is the account that the server runs as.
    directory = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(directory, _ACCOUNT, _ACCOUNT)
        server = PostgresqlServer(binaries, _find_free_port(), secrets.token_hex(16))
        _create_cluster(server, directory)
        with _run_server(server, directory):
            yield server
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def find_binaries() -> Path:
    """Find the newest PostgreSQL; skip the test where there is none, or fail where one must be.

    Returns:
        Folder of its programs.
    """
    found = sorted(Path("/").glob(_BINARIES.removeprefix("/")), key=_read_version)
    if found:
        return found[-1].parent
    if os.environ.get(REQUIRE_VARIABLE) == "1":
        pytest.fail(f"{REQUIRE_VARIABLE}=1, and {_INSTALL}")
    pytest.skip(_INSTALL)


def _read_version(binary: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in binary.parent.parent.name.split(".") if part.isdigit())


def _create_cluster(server: PostgresqlServer, directory: Path) -> None:
    password_path = directory / "password"
    password_path.write_text(server.password + "\n")
    if os.geteuid() == 0:
        shutil.chown(password_path, _ACCOUNT, _ACCOUNT)
    _run_program(
        server.binaries / "initdb",
        f"--pgdata={directory / 'data'}",
        f"--username={USER}",
        f"--pwfile={password_path}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--no-sync",
        as_account=True,
    )


@contextlib.contextmanager
def _run_server(server: PostgresqlServer, directory: Path) -> Iterator[None]:
    account = _choose_account()
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                str(server.binaries / "postgres"),
                "-D",
                str(directory / "data"),
                *("-c", "listen_addresses=127.0.0.1", "-c", f"port={server.port}"),
                *("-c", f"unix_socket_directories={directory}", "-c", "fsync=off"),
            ],
            stdout=log,
            stderr=log,
            cwd=directory,
            user=account,
            group=account,
            extra_groups=None if account is None else [],
        )
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not server.is_ready:
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"PostgreSQL did not start: {(directory / 'log').read_text()[-2000:]}")
            time.sleep(_POLL_SECONDS)
        yield
    finally:
        # "Fast": it ends the connections that are left, and then itself.
        process.send_signal(signal.SIGINT)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _run_program(
    path: Path, *words: str, environment: dict[str, str] | None = None, as_account: bool = False
) -> None:
    account = _choose_account() if as_account else None
    done = subprocess.run(
        [str(path), *words],
        env={**os.environ, **(environment or {})},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        user=account,
        group=account,
        extra_groups=None if account is None else [],
    )
    if done.returncode:
        pytest.fail(f"{path.name} failed: {done.stderr.strip()}")


def _choose_account() -> str | None:
    """PostgreSQL refuses to run as root; Debian's package brings an account for it."""
    return _ACCOUNT if os.geteuid() == 0 else None


def _find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
