"""kill -9 inside a node: what follows is as if nothing had happened."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipelines.layout import OutputLayout
from pipelines.metadata_store import open_run_store
from pipelines.node_result import ExitCode, NodeState
from pipelines.report.collection import collect_report
from tests.e2e.conftest import Run, run_pipeline
from tests.e2e.node_killer import kill_node

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive]

PIPELINE = "chicago_taxi"
NODES = [
    "CsvExampleGen",
    "CuratedSchema",
    "StatisticsGen",
    "SchemaGen",
    "ExampleValidator",
    "DataGate",
    "Transform",
    "Trainer",
    "Evaluator",
    "ModelValidator",
    "Pusher",
]

OUTPUT_FILES = {
    "CuratedSchema": "schema/{execution_id}/schema.pbtxt",
    "SchemaGen": "schema/{execution_id}/schema.pbtxt",
    "ExampleValidator": "anomalies/{execution_id}/Split-train/SchemaDiff.pb",
}
"""A file that a node writes which would otherwise be done within milliseconds."""


@contextlib.contextmanager
def _hold(layout: OutputLayout, node_id: str) -> Iterator[None]:
    """Keep a quick node from getting to its end; the others work for long enough."""
    with contextlib.ExitStack() as stack:
        if node_id == "Pusher":
            layout.serving_root.mkdir(exist_ok=True)
            lock = stack.enter_context((layout.serving_root / ".push-lock").open("w"))
            fcntl.flock(lock, fcntl.LOCK_EX)
        elif node_id in OUTPUT_FILES:
            stack.enter_context(_plant_pipes(layout, node_id))
        yield


@contextlib.contextmanager
def _plant_pipes(layout: OutputLayout, node_id: str) -> Iterator[None]:
    """Put a pipe in the place of the file that the node will write.

    Nobody reads from it, so the node waits in the middle of its work as long as it lives. The
    file's folder is named after the execution, which is one of the store's next.
    """
    with contextlib.closing(sqlite3.connect(layout.metadata_path)) as store:
        [(newest,)] = store.execute("SELECT COALESCE(MAX(id), 0) FROM Execution")
    directory = layout.pipeline_root / node_id
    planted = [
        directory / OUTPUT_FILES[node_id].format(execution_id=execution_id)
        for execution_id in range(newest + 1, newest + 1 + len(NODES))
    ]
    for path in planted:
        path.parent.mkdir(parents=True)
        os.mkfifo(path)
    try:
        yield
    finally:
        # The folder of the killed execution is left to the product to clean up.
        for path in planted:
            if path.exists():
                path.unlink()
                path.parent.rmdir()


def _run_and_kill(output: Path, node_id: str) -> Run:
    layout = OutputLayout(output)
    with _hold(layout, node_id), kill_node(layout, node_id):
        # One node at a time: with a third party in line for the lock, the node could overtake.
        return run_pipeline(output, "--to", node_id, "--set", "parallel_nodes=1")


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
    with open_run_store(run.layout.metadata_store, PIPELINE) as store:
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
    with open_run_store(run.layout.metadata_store, PIPELINE) as store:
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
