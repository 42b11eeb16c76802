"""One command in a process group of its own, which ends when its parent does; no Airflow import."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_SIGKILL_SECONDS = 1.0
_LIBC = ctypes.CDLL(None, use_errno=True)


class ChildProcess:
    """Runs one command and hands on what it prints, line by line, while it runs."""

    def __init__(
        self, command: Sequence[str], directory: Path, environment: Mapping[str, str]
    ) -> None:
        """Start the command.

        Args:
            command: Program and arguments; no shell reads them.
            environment: All of its environment variables.

        Raises:
            OSError: If the program can't be started.
        """
        parent = os.getpid()
        self._process = subprocess.Popen(
            command,
            cwd=directory,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="backslashreplace",
            start_new_session=True,
            preexec_fn=lambda: end_with(parent),  # noqa: PLW1509 - a call of the kernel alone
        )

    @property
    def pid(self) -> int:
        """Id of the process and of its group."""
        return self._process.pid

    def read(self, on_line: Callable[[str], None]) -> int:
        """Wait for the end.

        Args:
            on_line: Gets each line that the command prints, without its end.

        Returns:
            The exit code; negative for the signal that ended it.
        """
        assert self._process.stdout is not None
        for line in self._process.stdout:
            on_line(line.rstrip())
        self._process.stdout.close()
        return self._process.wait()

    def stop(self, patience_seconds: float) -> None:
        """End the command and all of its children.

        Args:
            patience_seconds: Time to end by itself after SIGTERM; then comes SIGKILL.
        """
        _signal_group(self.pid, signal.SIGTERM)
        # Bounded waits alone: this may run in a signal handler, while `read` holds the wait's lock.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(patience_seconds)
        _signal_group(self.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_SIGKILL_SECONDS)


def end_with(parent: int) -> None:
    """In a child, before its program starts: get SIGTERM when the parent dies, however it dies."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os._exit(128 + signal.SIGTERM)


def _signal_group(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)
