"""A PostgreSQL server of a test's own, on loopback, as a user that is not root."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

USER = "pipeline"
_START_SECONDS = 60.0
_SYSTEM_USER = "postgres"


@dataclasses.dataclass(frozen=True)
class PostgresqlServer:
    """A running server.

    Attributes:
        port: Its port on 127.0.0.1.
        password: The password of ``USER``, who may do anything.
        programs: Folder of its programs.
    """

    port: int
    password: str
    programs: Path

    def create_database(self, name: str) -> None:
        """Create an empty database."""
        command = [str(self.programs / "createdb"), "--host=127.0.0.1", f"--port={self.port}"]
        subprocess.run(
            [*command, f"--username={USER}", name],
            env={**os.environ, "PGPASSWORD": self.password},
            check=True,
        )


def find_programs() -> Path | None:
    """Find the folder of the server's programs; distributions keep them off the path."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    folders = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    return max((path.parent for path in folders), default=None)


def find_free_port() -> int:
    """Find a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def run_server(programs: Path) -> Iterator[PostgresqlServer]:
    """Run a server in a folder of its own, and stop it in the end.

    Args:
        programs: Folder of its programs.

    Yields:
        The server.
    """
    # Not below pytest's folders: those are root's alone.
    directory = Path(tempfile.mkdtemp(prefix="test-postgresql-"))
    server = PostgresqlServer(find_free_port(), secrets.token_urlsafe(16), programs)
    user = _SYSTEM_USER if os.getuid() == 0 else None
    process: subprocess.Popen[bytes] | None = None
    try:
        _initialize(server, directory, user)
        process = _start(server, directory, user)
        yield server
    finally:
        if process is not None:
            process.terminate()
            process.wait()
        shutil.rmtree(directory)


def _initialize(server: PostgresqlServer, directory: Path, user: str | None) -> None:
    password_path = directory / "password"
    password_path.write_text(server.password)
    if user is not None:
        for path in (directory, password_path):
            shutil.chown(path, user)
    command = [str(server.programs / "initdb"), f"--pgdata={directory / 'data'}"]
    subprocess.run(
        [*command, f"--username={USER}", f"--pwfile={password_path}", "--auth=scram-sha-256"],
        user=user,
        cwd=directory,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    password_path.unlink()


def _start(server: PostgresqlServer, directory: Path, user: str | None) -> subprocess.Popen[bytes]:
    settings = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": str(directory),
        "max_connections": "200",
        "fsync": "off",
    }
    command = [str(server.programs / "postgres"), "-D", str(directory / "data")]
    command += ["-p", str(server.port)]
    command += [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    with (directory / "server.log").open("wb") as log:
        process = subprocess.Popen(command, user=user, cwd=directory, stdout=log, stderr=log)
    end = time.monotonic() + _START_SECONDS
    ready = [str(server.programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(server.port)]
    while subprocess.run(ready).returncode != 0:
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError((directory / "server.log").read_text())
        time.sleep(0.1)
    return process
