"""A server that has imported TFX, TensorFlow and Beam, and forks a process per task.

Importing takes longer than most nodes run. With this server, a node costs no imports, and still
gets a process of its own: its output goes to its own log, it can be stopped alone, and its memory
is freed when it ends. The client starts the server on demand; it ends when it has been idle for a
while.

The server has one thread of Python and starts no TensorFlow operation, so that forking it is safe.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import os
import selectors
import signal
import socket
import struct
import sys
import time
import traceback
from pathlib import Path

import pydantic

from components.bulk_imports import pause_garbage_collection
from pipelines.workers.protocol import EndRequest, Reply, Request, Work, receive_lines, send_line

_STOP_SECONDS = 20.0
_REQUEST_SECONDS = 10.0
_TICK_SECONDS = 1.0


@dataclasses.dataclass
class _Job:
    """A process that runs a client's task."""

    pid: int
    pidfd: int
    client: socket.socket
    kill_at: float | None = None


class WorkerServer:
    """Accepts tasks on a listening Unix socket until it is told to end, or idle for too long."""

    def __init__(self, listener: socket.socket, idle_seconds: float) -> None:
        self._listener = listener
        self._idle_seconds = idle_seconds
        self._selector = selectors.DefaultSelector()
        self._selector.register(listener, selectors.EVENT_READ)
        self._jobs: dict[int, _Job] = {}
        self._waiting_for_end: list[socket.socket] = []
        self._ending = False
        self._is_listening = True

    def serve(self) -> None:
        """Serve until idle or told to end; processes that still run are stopped then."""
        last_busy = time.monotonic()
        while self._is_listening or self._jobs:
            for key, _ in self._selector.select(_TICK_SECONDS):
                self._handle(key)
            if self._jobs:
                last_busy = time.monotonic()
            elif time.monotonic() - last_busy > self._idle_seconds:
                self.end()
            if self._ending:
                self._stop_all()
            self._kill_overdue()

    def end(self) -> None:
        """Take no more tasks and stop all processes; may be called by a signal handler."""
        self._ending = True

    def _handle(self, key: selectors.SelectorKey) -> None:
        if key.fileobj is self._listener:
            self._accept()
        elif key.data is not None and key.fd == key.data.pidfd:
            self._reap(key.data)
        elif key.data is not None and key.data.pid in self._jobs:
            # The client asks to stop, or is gone: either way nobody waits for the reply any more.
            self._selector.unregister(key.data.client)
            self._stop(key.data)

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        client.settimeout(_REQUEST_SECONDS)
        if _read_user(client) != os.getuid():
            client.close()
            return
        try:
            line = next(receive_lines(client), None)
            request = Request.model_validate_json(line) if line else None
        except (TimeoutError, pydantic.ValidationError) as error:
            _send(client, Reply(error=str(error).splitlines()[0], ended=1))
            request = None
        if request is None:
            client.close()
            return
        client.settimeout(None)
        if isinstance(request.task, EndRequest):
            # Kept open: the client sees it closed when this process is gone.
            self._waiting_for_end.append(client)
            self.end()
            return
        self._fork(request, request.task, client)

    def _fork(self, request: Request, task: Work, client: socket.socket) -> None:
        from pipelines.workers import worker

        # What every node of a run reads: each gets it with its process.
        worker.preload(task)
        # Held back until the forked process has a handler of its own: a stop must not get lost.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        pid = os.fork()
        if pid == 0:
            try:
                self._close_inherited()
                signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
                _work(request, task, client)
            except BaseException:
                traceback.print_exc()
            finally:
                # Never back into the server's loop: socket and other tasks belong to the server.
                sys.stderr.flush()
                os._exit(1)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        job = _Job(pid, os.pidfd_open(pid), client)
        self._jobs[pid] = job
        self._selector.register(job.pidfd, selectors.EVENT_READ, job)
        self._selector.register(client, selectors.EVENT_READ, job)
        _send(client, Reply(started=pid))

    def _close_inherited(self) -> None:
        """In the forked process: close what belongs to the server and to other clients."""
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        self._selector.close()
        self._listener.close()
        for job in self._jobs.values():
            os.close(job.pidfd)
            job.client.close()

    def _stop_all(self) -> None:
        if self._is_listening:
            self._is_listening = False
            self._selector.unregister(self._listener)
            # Its name goes before it does, and only here: a new server may take the name at once.
            Path(self._listener.getsockname()).unlink(missing_ok=True)
            self._listener.close()
        for job in self._jobs.values():
            self._stop(job)

    def _stop(self, job: _Job) -> None:
        if job.kill_at is None:
            job.kill_at = time.monotonic() + _STOP_SECONDS
            with contextlib.suppress(ProcessLookupError):
                os.kill(job.pid, signal.SIGTERM)

    def _kill_overdue(self) -> None:
        for job in self._jobs.values():
            if job.kill_at is not None and time.monotonic() > job.kill_at:
                _kill_group(job.pid)

    def _reap(self, job: _Job) -> None:
        # Before the process is reaped, so that its id can't be anyone else's yet.
        _kill_group(job.pid)
        _, status = os.waitpid(job.pid, 0)
        del self._jobs[job.pid]
        self._selector.unregister(job.pidfd)
        os.close(job.pidfd)
        with contextlib.suppress(KeyError):
            self._selector.unregister(job.client)
        _send(job.client, Reply(ended=os.waitstatus_to_exitcode(status)))
        job.client.close()


def _send(client: socket.socket, reply: Reply) -> None:
    """Send a reply; the client may be gone."""
    with contextlib.suppress(OSError):
        send_line(client, reply)


def _work(request: Request, task: Work, client: socket.socket) -> None:
    """In the forked process: do the task, reply, and end."""
    from pipelines.workers import worker

    os.chdir(request.directory)
    os.environ.clear()
    os.environ.update(request.environment)
    worker.work(task, client)


def _kill_group(pid: int) -> None:
    """Kill a process, which leads its process group, with all that it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _read_user(client: socket.socket) -> int:
    """Read which user's process is at the other end."""
    size = struct.calcsize("3i")
    credentials = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    return int(struct.unpack("3i", credentials)[1])


def main() -> None:
    """Serve: ``python -m pipelines.workers.server SOCKET IDLE_SECONDS``."""
    path, idle_seconds = Path(sys.argv[1]), float(sys.argv[2])
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    listener.listen(64)
    # Clients can connect from now on; they wait while this imports.
    # TensorFlow's C++ announces missing GPUs while it is imported.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with pause_garbage_collection():
        importlib.import_module("pipelines.workers.worker")
    server = WorkerServer(listener, idle_seconds)
    signal.signal(signal.SIGTERM, lambda *_: server.end())
    server.serve()


if __name__ == "__main__":
    main()
