"""Kill a node's process while its execution is running."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipelines.config.layout import OutputLayout
from pipelines.metadata.store_lock import lock_store

_WAIT_SECONDS = 180


@contextlib.contextmanager
def kill_node(layout: OutputLayout, node_id: str) -> Iterator[None]:
    """Kill the node once, while the block runs it; an error if it came to its end before."""
    killed = threading.Event()
    killer = threading.Thread(target=_kill_while_running, args=(layout, node_id, killed))
    killer.start()
    try:
        yield
    finally:
        was_killed = killed.is_set()
        killed.set()
        killer.join()
    assert was_killed, f"{node_id} ended before it could be killed"


def _find_process(layout: OutputLayout, node_id: str) -> int | None:
    """Find the node's process: its output goes to the node's log, and it leads its session."""
    logs = {str(path) for path in layout.runs_directory.glob(f"*/logs/{node_id}.log")}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            pid = int(process.name)
            if str((process / "fd" / "1").readlink()) in logs and os.getsid(pid) == pid:
                return pid
        except OSError:
            continue
    return None


def _is_running(layout: OutputLayout, node_id: str) -> bool:
    """Ask the store, by the quickest way, whether the node's execution is running."""
    with contextlib.closing(sqlite3.connect(layout.metadata_path)) as store:
        try:
            [(count,)] = store.execute(
                "SELECT COUNT(*) FROM Execution JOIN Type ON Type.id = Execution.type_id "
                "WHERE Execution.last_known_state = ? AND Type.name LIKE ?",
                (mlmd.Execution.RUNNING, f"%.{node_id}"),
            )
        except sqlite3.OperationalError:
            return False
    return bool(count)


def _kill_while_running(layout: OutputLayout, node_id: str, killed: threading.Event) -> None:
    """Kill the node's process once its execution is running.

    To go on, the node needs the store's lock, and this stands in line for it at all times: it is
    held from seeing the node run until the node is dead.
    """
    deadline = time.monotonic() + _WAIT_SECONDS
    while not killed.is_set() and time.monotonic() < deadline:
        if not layout.metadata_path.exists():
            continue
        with lock_store(layout.metadata_store):
            pid = _find_process(layout, node_id) if _is_running(layout, node_id) else None
            if pid is not None:
                os.kill(pid, signal.SIGKILL)
                killed.set()
