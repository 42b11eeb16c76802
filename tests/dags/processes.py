"""What the tests ask of processes: whether they run, and when they are gone."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

PATIENCE_SECONDS = 20.0


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that has ended and is not yet cleared away does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def wait_until_gone(pids: Iterable[int], patience_seconds: float = PATIENCE_SECONDS) -> list[int]:
    """Wait for the end of processes.

    Returns:
        Those that still run then.
    """
    end = time.monotonic() + patience_seconds
    alive = [pid for pid in pids if is_alive(pid)]
    while alive and time.monotonic() < end:
        time.sleep(0.05)
        alive = [pid for pid in alive if is_alive(pid)]
    return alive


def list_descendants(pid: int) -> list[int]:
    """List a process's children, and theirs."""
    try:
        texts = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    except (FileNotFoundError, ProcessLookupError):
        return []
    children = [int(word) for text in texts for word in text.split()]
    return [*children, *(below for child in children for below in list_descendants(child))]
