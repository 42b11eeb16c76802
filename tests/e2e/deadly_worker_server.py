"""A worker server whose nodes die by ``SIGKILL`` at the place that the client's environment names.

The nodes, their processes and what runs them are the real ones. A kill from outside would do the
same to them, but where it meets a node that works for milliseconds is luck.
"""

from __future__ import annotations

import contextlib
import enum
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from pipelines.launcher.node_request import NodeRequest
from pipelines.workers import server as worker_server
from pipelines.workers.client import WorkerClient
from pipelines.workers.protocol import Request, Work

_NODE_VARIABLE = "DEADLY_NODE"
_PLACE_VARIABLE = "DEADLY_PLACE"
_IDLE_SECONDS = 600
_WAIT_SECONDS = 60
_POLL_SECONDS = 0.001


class Place(str, enum.Enum):
    """Where in a node its process dies."""

    BEFORE = "before its executor begins"
    WRITING = "once a file of its outputs is there"
    WRITTEN = "with everything written and nothing published"
    PUBLISHED = "with its outputs published and its result not kept"


@contextlib.contextmanager
def serve_deadly_workers() -> Iterator[None]:
    """Stand in for the worker server that this user's runs share; none may be there yet."""
    log_path = WorkerClient.shared().log_path
    socket_path = log_path.with_suffix(".sock")
    command = [sys.executable, "-m", __name__, str(socket_path), str(_IDLE_SECONDS)]
    with log_path.open("ab") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, cwd=Path(__file__).parents[2])
    try:
        deadline = time.monotonic() + _WAIT_SECONDS
        while not socket_path.exists():
            assert server.poll() is None, log_path.read_text()
            assert time.monotonic() < deadline, log_path.read_text()
            time.sleep(0.05)
        yield
    finally:
        server.terminate()
        server.wait()


@contextlib.contextmanager
def kill_node(node_id: str, place: Place) -> Iterator[None]:
    """Let the node die at the place whenever the block runs it."""
    with mock.patch.dict(os.environ, {_NODE_VARIABLE: node_id, _PLACE_VARIABLE: place.value}):
        yield


def _work(request: Request, task: Work, client: socket.socket) -> None:
    """In the forked process: do the task as the real server does, to the place named if any."""
    environment = request.environment
    if isinstance(task, NodeRequest) and task.node_id == environment.get(_NODE_VARIABLE):
        _arm(Place(environment[_PLACE_VARIABLE]))
    _work_on(request, task, client)


_work_on = worker_server._work


def _arm(place: Place) -> None:
    """Change TFX in this process so that it ends at the place."""
    from tfx.orchestration.portable import execution_publish_utils
    from tfx.orchestration.portable.launcher import Launcher

    run_executor, launch = Launcher._run_executor, Launcher.launch

    def die_before(launcher: Any, execution_info: Any) -> None:
        _die()

    def die_writing(launcher: Any, execution_info: Any) -> None:
        outputs = [Path(one.uri) for group in execution_info.output_dict.values() for one in group]
        threading.Thread(target=_die_of_a_file, args=(outputs,), daemon=True).start()
        run_executor(launcher, execution_info)
        # It has written its last file before the first was seen.
        _die()

    def die_published(launcher: Any) -> None:
        launch(launcher)
        _die()

    def die_unpublished(*_: Any, **__: Any) -> None:
        _die()

    if place is Place.BEFORE:
        Launcher._run_executor = die_before
    elif place is Place.WRITING:
        Launcher._run_executor = die_writing
    elif place is Place.WRITTEN:
        # The second is what a resolver, which has no executor, publishes with.
        execution_publish_utils.publish_succeeded_execution = die_unpublished
        execution_publish_utils.publish_internal_execution = die_unpublished
    else:
        Launcher.launch = die_published


def _die_of_a_file(directories: list[Path]) -> None:
    while not any(path.is_file() for folder in directories for path in folder.rglob("*")):
        time.sleep(_POLL_SECONDS)
    _die()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    with mock.patch.object(worker_server, "_work", _work):
        worker_server.main()
