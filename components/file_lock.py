"""One process at a time, by a file that the system unlocks when its holder dies; plain Python.

A process that waits logs that it does, and for whom. The file must be on a file system that has
``flock``.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import logging
import math
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

_logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Patience:
    """When to log that one waits for a lock, and when to give up; None for never."""

    first_warning_seconds: float = 3.0
    next_warning_seconds: float = 60.0
    give_up_seconds: float | None = None

    def wait(self, what: str, find_holder: Callable[[], str]) -> Iterator[float]:
        """Divide a wait into parts, with a warning after each.

        Yields:
            How long to wait now, in seconds; ends by leaving the loop.

        Raises:
            TimeoutError: After ``give_up_seconds``.
        """
        limit = math.inf if self.give_up_seconds is None else self.give_up_seconds
        deadline = time.monotonic() + limit
        seconds = self.first_warning_seconds
        while True:
            yield min(seconds, max(0.0, deadline - time.monotonic()))
            if time.monotonic() >= deadline:
                raise TimeoutError(
                    f"{what} was not free within {limit:g} s; {find_holder()} holds it: wait until "
                    "that has ended, or end it, and try again"
                )
            _logger.warning("waiting for %s, which %s holds", what, find_holder())
            seconds = self.next_warning_seconds


@dataclasses.dataclass(frozen=True)
class FileLock:
    """A lock that one process holds at a time.

    Attributes:
        path: Its file, made if need be; it names the last holder.
        what: What it guards, as a message names it, such as ``the metadata store runs.sqlite``.
    """

    path: Path
    what: str
    patience: Patience = Patience()

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Hold it; while another process holds it, wait, with warnings.

        Raises:
            TimeoutError: If patience has an end, and it came.
            OSError: If the file can't be written.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # Not "w", which would wipe out who holds it.
        with self.path.open("a+", encoding="utf-8") as file:
            if not _try_lock(file):
                self._wait(file)
            file.truncate(0)
            file.write(describe_process())
            file.flush()
            yield

    @property
    def is_held(self) -> bool:
        """Whether a process holds it, this one included."""
        try:
            with self.path.open("r+", encoding="utf-8") as file:
                return not _try_lock(file)
        except FileNotFoundError:
            return False

    def _wait(self, file: IO[str]) -> None:
        # In a thread that the system wakes: polling would be late, or never in turn where others
        # take turns. A wait that is given up ends with the file, which is closed then.
        waiting = threading.Thread(
            target=fcntl.flock, args=(file.fileno(), fcntl.LOCK_EX), daemon=True
        )
        waiting.start()
        for seconds in self.patience.wait(self.what, self._find_holder):
            waiting.join(seconds)
            if not waiting.is_alive():
                break
        # Succeeds at once where it is locked; raises the error that the thread had, if it had one.
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _find_holder(self) -> str:
        return self.path.read_text(encoding="utf-8") or "another process"


def describe_process() -> str:
    """Name this process as it appears to other processes."""
    return f"process {os.getpid()} on {socket.gethostname()}"


def _try_lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
