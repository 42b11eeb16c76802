"""Close stale executions: kill -9 leaves them marked as running in the metadata store for ever.

A node holds a lock while it runs, which the system releases when its process dies. An execution
that is marked as running, and whose lock is free, is stale.
"""

from __future__ import annotations

import shutil

from components.file_lock import FileLock
from pipelines.config.layout import OutputLayout
from pipelines.metadata.run_store import RunStore


def get_node_lock(layout: OutputLayout, run_id: str, node_id: str) -> FileLock:
    """Get the lock that a node holds while it runs, so that two processes never run it at once."""
    return FileLock(layout.run(run_id).lock_path(node_id), f"{node_id} of run {run_id}")


def is_node_running(store: RunStore, layout: OutputLayout, node_id: str) -> bool:
    """Tell whether a process is running a node, in any run; a stale execution does not count."""
    runs = (store.find_run(execution) for execution in store.list_running(node_id))
    return any(run and get_node_lock(layout, run, node_id).is_held for run in runs)


def close_stale_executions(
    store: RunStore, layout: OutputLayout, node_id: str, held_run_id: str | None = None
) -> None:
    """Mark a node's stale executions as failed, and remove what they had partly written.

    Args:
        held_run_id: Run whose lock the caller holds, so that its running executions are stale.
    """
    for execution in store.list_running(node_id):
        run_id = store.find_run(execution)
        if run_id is None or (
            run_id != held_run_id and get_node_lock(layout, run_id, node_id).is_held
        ):
            continue
        store.fail(execution)
        for output in (layout.pipeline_root / node_id).glob(f"*/{execution.id}"):
            shutil.rmtree(output, ignore_errors=True)
