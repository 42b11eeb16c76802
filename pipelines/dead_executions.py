"""Close executions whose process died: kill -9 leaves them running in the metadata store for ever.

A node holds a lock while it runs, which the system takes back from a process that dies. An
execution that is running in the store, and whose lock is free, is dead.
"""

from __future__ import annotations

import contextlib
import fcntl
import shutil
from collections.abc import Iterator
from pathlib import Path

from pipelines.layout import OutputLayout
from pipelines.metadata_store import RunStore


@contextlib.contextmanager
def hold_node(layout: OutputLayout, run_id: str, node_id: str) -> Iterator[None]:
    """Hold a node's lock while it runs; a second process for the same node of the run waits.

    Args:
        layout: Where runs are kept.
        run_id: The run.
        node_id: The node.
    """
    path = layout.run(run_id).lock_path(node_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock_file:
        fcntl.flock(lock_file, fcntl.LOCK_EX)
        yield


def close_dead_executions(
    store: RunStore, layout: OutputLayout, node_id: str, held_run_id: str | None = None
) -> list[int]:
    """Mark a node's dead executions failed, and remove what they had half written.

    Args:
        store: The pipeline's runs.
        layout: Where their files are.
        node_id: The node.
        held_run_id: Run whose lock the caller holds: what is running there is dead.

    Returns:
        Ids of the executions that were closed.
    """
    closed = []
    for execution in store.list_running(node_id):
        run_id = store.find_run(execution)
        if run_id is None or (run_id != held_run_id and _is_held(layout, run_id, node_id)):
            continue
        store.fail(execution)
        for output in (layout.pipeline_root / node_id).glob(f"*/{execution.id}"):
            shutil.rmtree(output, ignore_errors=True)
        closed.append(execution.id)
    return closed


def _is_held(layout: OutputLayout, run_id: str, node_id: str) -> bool:
    path: Path = layout.run(run_id).lock_path(node_id)
    if not path.exists():
        return False
    with path.open("w") as lock_file:
        try:
            fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
