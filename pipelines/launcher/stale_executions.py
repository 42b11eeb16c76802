"""Close executions whose process died: kill -9 leaves them running in the metadata store for ever.

A node holds a lock while it runs, which the system takes back from a process that dies. An
execution that is running in the store, and whose lock is free, is dead.
"""

from __future__ import annotations

import contextlib
import shutil

from components.file_lock import FileLock
from pipelines.config.layout import OutputLayout
from pipelines.metadata.run_store import RunStore


def get_node_lock(layout: OutputLayout, run_id: str, node_id: str) -> FileLock:
    """Give the lock that a node holds while it runs."""
    return FileLock(layout.run(run_id).lock_path(node_id), f"{node_id} of run {run_id}")


def hold_node(
    layout: OutputLayout, run_id: str, node_id: str
) -> contextlib.AbstractContextManager[None]:
    """Hold a node's lock while it runs; a second process for the same node of the run waits."""
    return get_node_lock(layout, run_id, node_id).hold()


def is_at_work(store: RunStore, layout: OutputLayout, node_id: str) -> bool:
    """Tell whether a process is running a node, in any run; one that has died does not count."""
    runs = (store.find_run(execution) for execution in store.list_running(node_id))
    return any(run and get_node_lock(layout, run, node_id).is_held for run in runs)


def close_stale_executions(
    store: RunStore, layout: OutputLayout, node_id: str, held_run_id: str | None = None
) -> list[int]:
    """Mark a node's dead executions failed, and remove what they had half written.

    Args:
        held_run_id: Run whose lock the caller holds: what is running there is dead.

    Returns:
        Ids of the executions that were closed.
    """
    closed = []
    for execution in store.list_running(node_id):
        run_id = store.find_run(execution)
        if run_id is None or (
            run_id != held_run_id and get_node_lock(layout, run_id, node_id).is_held
        ):
            continue
        store.fail(execution)
        for output in (layout.pipeline_root / node_id).glob(f"*/{execution.id}"):
            shutil.rmtree(output, ignore_errors=True)
        closed.append(execution.id)
    return closed
