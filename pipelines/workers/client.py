"""Send tasks to the worker server, which is started where there is none; plain Python."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from components.file_lock import FileLock
from pipelines.compiler.source_hash import hash_installation
from pipelines.config.code_root import CODE_ROOT
from pipelines.workers.protocol import (
    EndRequest,
    Reply,
    Request,
    Work,
    find_runtime_directory,
    receive_lines,
    send_line,
)

SHARED_IDLE_SECONDS = 600.0
_PRIVATE_IDLE_SECONDS = 5.0
_START_SECONDS = 60.0
_POLL_SECONDS = 0.02
_ATTEMPTS = 3
_NAME_CHARACTERS = 16


class WorkerError(OSError):
    """The worker server could not be started or did not reply; the message says why."""


@dataclasses.dataclass(frozen=True)
class WorkerClient:
    """Talks to one server, which it starts where there is none.

    Attributes:
        socket_path: Where the server listens, in a folder that nobody else can enter.
        idle_seconds: A server that this client starts ends after being idle for so long.
    """

    socket_path: Path
    idle_seconds: float

    @classmethod
    def shared(cls) -> WorkerClient:
        """Talk to the server that all runs of this user with this very code share."""
        # Named by what it has imported: for other code there is another server.
        socket_path = find_runtime_directory() / f"{hash_installation()[:_NAME_CHARACTERS]}.sock"
        return cls(socket_path, SHARED_IDLE_SECONDS)

    @property
    def log_path(self) -> Path:
        """File that the server's own output goes to."""
        return self.socket_path.with_suffix(".log")

    def warm(self) -> None:
        """Start the server if there is none, which then imports; errors as of ``connect``."""
        self.connect().close()

    def connect(self) -> socket.socket:
        """Connect to the server, starting it if need be.

        Raises:
            WorkerError: If there is no server and none could be started.
        """
        if connection := _try_connect(self.socket_path):
            return connection
        lock = FileLock(self.socket_path.with_suffix(".lock"), "the start of the worker server")
        with lock.hold():
            # Another client may have started it while this one waited for the lock.
            return _try_connect(self.socket_path) or self._start()

    def _start(self) -> socket.socket:
        command = [sys.executable, "-m", "pipelines.workers.server"]
        with self.log_path.open("ab") as log:
            server = subprocess.Popen(
                [*command, str(self.socket_path), str(self.idle_seconds)],
                cwd=CODE_ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and server.poll() is None:
            if connection := _try_connect(self.socket_path):
                return connection
            time.sleep(_POLL_SECONDS)
        raise WorkerError(f"the worker server did not start; its log is {self.log_path}")


@contextlib.contextmanager
def open_private_server() -> Iterator[WorkerClient]:
    """Provide a private server, which ends with the block, or soon after the caller died."""
    with tempfile.TemporaryDirectory() as directory:
        socket_path = Path(directory) / "worker.sock"
        try:
            yield WorkerClient(socket_path, _PRIVATE_IDLE_SECONDS)
        finally:
            _end_server(socket_path)


class WorkerCall:
    """One task at a worker server."""

    def __init__(self, client: WorkerClient, task: Work) -> None:
        self._client = client
        self._request = Request(task=task, environment=dict(os.environ), directory=Path.cwd())
        self._connection: socket.socket | None = None
        self._is_stopped = False

    def run(self) -> Reply:
        """Run the task; in the reply, ``ended`` is None where the server died meanwhile.

        Raises:
            WorkerError: If no server took the task.
        """
        for _ in range(_ATTEMPTS):
            if self._is_stopped:
                break
            with self._client.connect() as connection:
                self._connection = connection
                if self._is_stopped:
                    break
                # A server that has just gone idle may accept, and end without a word.
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    send_line(connection, self._request)
                reply = _receive_reply(connection)
                self._connection = None
            if reply is not None:
                return reply
        if self._is_stopped:
            return Reply(ended=-signal.SIGTERM)
        log_path = self._client.log_path
        raise WorkerError(f"the worker server did not take the task; its log is {log_path}")

    def stop(self) -> None:
        """Ask for the task to be stopped; ``run`` still returns how it ended."""
        self._is_stopped = True
        if connection := self._connection:
            # No message: it could run into the request, which another thread may be sending.
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_WR)


def stop_servers() -> int:
    """End the user's worker servers, with the tasks that run in them; returns their number."""
    return sum(_end_server(path) for path in find_runtime_directory().glob("*.sock"))


def _end_server(socket_path: Path) -> bool:
    connection = _try_connect(socket_path)
    if connection is None:
        return False
    with connection:
        # It may be ending already.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            send_line(connection, Request(task=EndRequest(), environment={}, directory=Path("/")))
        for _ in receive_lines(connection):
            pass
    return True


def _try_connect(path: Path) -> socket.socket | None:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(str(path))
    except (FileNotFoundError, ConnectionRefusedError):
        connection.close()
        return None
    return connection


def _receive_reply(connection: socket.socket) -> Reply | None:
    """Merge the lines of a reply; None if there was none."""
    merged: dict[str, object] = {}
    for line in receive_lines(connection):
        merged |= Reply.model_validate_json(line).model_dump(exclude_none=True)
    return Reply.model_validate(merged) if merged else None
