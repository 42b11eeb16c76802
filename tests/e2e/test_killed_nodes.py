"""kill -9 inside a node: what follows is as if nothing had happened."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipelines.layout import OutputLayout
from pipelines.metadata_store import open_run_store
from pipelines.node_result import ExitCode, NodeState
from pipelines.report.collection import collect_report
from pipelines.store_lock import lock_store
from tests.e2e.conftest import Run, run_pipeline

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive]

PIPELINE = "chicago_taxi"
NODES = [
    "CsvExampleGen",
    "StatisticsGen",
    "DataGate",
    "Transform",
    "Trainer",
    "Evaluator",
    "ModelValidator",
]
"""Nodes that work for long enough to be killed in the middle on purpose."""

_WAIT_SECONDS = 180


def _find_process(layout: OutputLayout, node_id: str) -> int | None:
    """Find the node's process: the one whose output goes to the node's newest log."""
    logs = {str(path) for path in layout.runs_directory.glob(f"*/logs/{node_id}.log")}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str((process / "fd" / "1").readlink()) in logs:
                return int(process.name)
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
        with lock_store(layout.metadata_path):
            pid = _find_process(layout, node_id) if _is_running(layout, node_id) else None
            if pid is not None:
                os.kill(pid, signal.SIGKILL)
                killed.set()


def _run_and_kill(output: Path, node_id: str) -> Run:
    killed = threading.Event()
    killer = threading.Thread(
        target=_kill_while_running, args=(OutputLayout(output), node_id, killed)
    )
    killer.start()
    try:
        # One node at a time: with a third party in line for the lock, the node could overtake.
        run = run_pipeline(output, "--set", "parallel_nodes=1")
    finally:
        was_killed = killed.is_set()
        killed.set()
        killer.join()
    assert was_killed, f"{node_id} ended before it could be killed"
    return run


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An output root in which every node is killed once, one run after the other."""
    return tmp_path_factory.mktemp("killed")


@pytest.mark.parametrize("node_id", NODES)
def test_a_killed_node_fails_the_run_and_pushes_nothing(output: Path, node_id: str) -> None:
    """The run says which node died and how, closes its execution, and pushes nothing."""
    run = _run_and_kill(output, node_id)

    assert run.exit_code == ExitCode.FAILED
    states = {node.id: node.state for node in run.done.nodes}
    assert states[node_id] is NodeState.FAILED
    assert "SIGKILL" in run.done.problems[0].message
    assert run.done.pushed_version is None
    report = collect_report(run.layout, run.done.run_id).node(node_id)
    assert report.problems == run.done.problems
    assert report.row.started_at is not None
    with open_run_store(run.layout.metadata_path, PIPELINE) as store:
        execution = store.find_execution(run.done.run_id, node_id)
        assert execution is not None
        assert execution.last_known_state == mlmd.Execution.FAILED
    left = list((run.layout.pipeline_root / node_id).glob(f"*/{execution.id}"))
    assert left == []


def test_the_run_after_all_is_as_if_undisturbed(output: Path, first_run: Run) -> None:
    """The next run is pushed, with one live artifact an output and an undisturbed run's metrics."""
    run = run_pipeline(output)

    assert run.exit_code == ExitCode.DONE
    undisturbed = {metric.name: metric.value for metric in first_run.done.metrics}
    metrics = {metric.name: metric.value for metric in run.done.metrics}
    assert metrics == pytest.approx(undisturbed, abs=1e-6)
    with open_run_store(run.layout.metadata_path, PIPELINE) as store:
        live = Counter(
            Path(artifact.uri).parent.relative_to(run.layout.pipeline_root).as_posix()
            for artifact in store.store.get_artifacts()
            if artifact.state == mlmd.Artifact.LIVE
        )
        states = {one.last_known_state for one in store.store.get_executions()}
    # The gate ran twice to its end: without data accepted before, and against that data itself.
    assert live.pop("DataGate/verdict") == 2
    assert set(live.values()) == {1}, live
    assert mlmd.Execution.RUNNING not in states
    versions = [path for path in run.layout.serving_root.iterdir() if path.name.isdigit()]
    assert [path.name for path in versions] == [str(run.done.pushed_version)]
