"""The process that replays are forked from: TensorFlow alone, no Keras, no TFX.

Run as ``python -m components.model_validator.replay_server FD`` by ``serving_replay``: imports
TensorFlow, then forks a process for every connection to the listening socket ``FD``. That one reads
a ``ReplayTask`` as a line of JSON, writes ``outcome.json`` and ``arrays.npz``, and closes the
connection by its end. A client that closes it earlier ends the process.

The server ends with whoever holds the other end of its standard input, or when nobody has asked for
a while. It has one thread and starts no TensorFlow operation, so that forking it is safe.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib
import os
import select
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import numpy as np

from components.evaluator.model_error import describe_error
from components.model_validator.serving_replay import (
    ARRAYS_FILE,
    ERRORS_FILE,
    OUTCOME_FILE,
    TURN_FILE,
    ReplayOutcome,
    ReplayTask,
)

OPTIONAL_PACKAGES = ("googleapiclient", "scipy", "tf_keras")
"""Packages that TensorFlow imports where they are installed, and that no server needs: a third of
the time that importing it takes."""

_IDLE_SECONDS = 600.0


def main() -> None:
    """Serve on the socket whose file descriptor is the command line's one argument."""
    listener = socket.socket(fileno=int(sys.argv[1]))
    # Clients can connect from now on; they wait while this imports.
    import_tensorflow()
    serve(listener, _IDLE_SECONDS)


def import_tensorflow() -> None:
    """Import TensorFlow as a server has it, and what replays."""
    for name in OPTIONAL_PACKAGES:
        sys.modules[name] = None  # type: ignore[assignment]  # the import system's "not there"

    importlib.import_module("components.model_validator.replay")


def serve(listener: socket.socket, idle_seconds: float) -> None:
    """Fork a process for every client, until the owner is gone or nobody has come for long.

    Args:
        listener: Unix socket in listening state.
        idle_seconds: How long to wait for a client.
    """
    # Nobody asks how a process ended but its client, who sees what it has left.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        ready, _, _ = select.select([listener, sys.stdin], [], [], idle_seconds)
        if sys.stdin in ready:
            return
        if listener in ready:
            _fork(listener)
            continue
        # Its name goes first: who has connected by then is served, who comes later is not let in.
        Path(listener.getsockname()).unlink(missing_ok=True)
        while select.select([listener], [], [], 0)[0]:
            _fork(listener)
        return


def _fork(listener: socket.socket) -> None:
    client, _ = listener.accept()
    if os.fork() == 0:
        try:
            listener.close()
            _work(client)
        except BaseException:
            traceback.print_exc()
        finally:
            # Never back into the server's loop: the socket is not this process's own.
            sys.stderr.flush()
            os._exit(1)
    client.close()


def _work(client: socket.socket) -> NoReturn:
    """In the forked process: replay, and end."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with client.makefile("r", encoding="utf-8") as lines:
        line = lines.readline()
    if not line:
        os._exit(0)
    task = ReplayTask.model_validate_json(line)
    directory = Path(task.directory)
    with (directory / ERRORS_FILE).open("w") as errors:
        os.dup2(errors.fileno(), sys.stderr.fileno())
    threading.Thread(target=_end_with, args=[client], daemon=True).start()
    _replay(task, directory)
    os._exit(0)


def _end_with(client: socket.socket) -> NoReturn:
    """End this process at once when the client closes: nobody wants the answer any more."""
    with contextlib.suppress(OSError):
        client.recv(1)
    os._exit(1)


def _replay(task: ReplayTask, directory: Path) -> None:
    import tensorflow as tf

    from components.model_validator.replay import replay

    try:
        with _wait_for_turn(directory.parent):
            measures, arrays = replay(task.request)
    except (KeyError, OSError, TypeError, ValueError, tf.errors.OpError) as error:
        outcome = ReplayOutcome(problem=describe_error(error))
    else:
        np.savez(directory / ARRAYS_FILE, **arrays)
        outcome = ReplayOutcome(measures=measures)
    (directory / OUTCOME_FILE).write_text(outcome.model_dump_json(), encoding="utf-8")


@contextlib.contextmanager
def _wait_for_turn(directory: Path) -> Iterator[None]:
    """Hold the lock that the processes beside this one wait for."""
    with (directory / TURN_FILE).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    main()
