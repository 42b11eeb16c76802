"""Commands in process groups of their own, which end when their parent does; no Airflow import."""

from __future__ import annotations

import contextlib
import ctypes
import io
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

_PR_SET_PDEATHSIG = 1
_SIGKILL_SECONDS = 1.0
_LIBC = ctypes.CDLL(None, use_errno=True)


class ChildProcess:
    """Runs one command, which no shell reads, and forwards its output line by line while it runs.

    Raises:
        OSError: If the program can't be started.
    """

    def __init__(
        self, command: Sequence[str], directory: Path, environment: Mapping[str, str]
    ) -> None:
        self._process = start_group(command, directory, environment, subprocess.PIPE)

    @property
    def pid(self) -> int:
        """Id of the process and of its group."""
        return self._process.pid

    def read(self, on_line: Callable[[str], None]) -> int:
        """Pass on each line that is printed; return the exit code, negative for a signal."""
        assert self._process.stdout is not None
        with io.TextIOWrapper(self._process.stdout, errors="backslashreplace") as lines:
            for line in lines:
                on_line(line.rstrip())
        return self._process.wait()

    def stop(self, patience_seconds: float) -> None:
        """End the command and all of its children: by SIGTERM, then by SIGKILL."""
        # Bounded waits alone: this may run in a signal handler, while `read` holds the wait's lock.
        waits = {signal.SIGTERM: patience_seconds, signal.SIGKILL: _SIGKILL_SECONDS}
        for number, seconds in waits.items():
            signal_group(self.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)


def start_group(
    command: Sequence[str], directory: Path, environment: Mapping[str, str], output: int | IO[Any]
) -> subprocess.Popen[bytes]:
    """Start a command in a group of its own that gets SIGTERM when this process dies."""
    parent = os.getpid()

    def end_with_parent() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(128 + signal.SIGTERM)

    return subprocess.Popen(
        command,
        cwd=directory,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=end_with_parent,  # noqa: PLW1509 - a call of the kernel alone
    )


def signal_group(group: int, number: signal.Signals) -> None:
    """Signal every process of a group; nothing happens where none is left."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)
