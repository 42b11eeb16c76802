"""kill -9 inside a node: what follows is as if nothing had happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from ml_metadata.proto import metadata_store_pb2 as mlmd

from components.champion.choice import Action
from components.pusher.version_store import list_versions
from pipelines.metadata.run_store import open_run_store
from pipelines.records.exit_code import ExitCode
from pipelines.records.node_result import NodeState
from pipelines.records.run_summary import Verdict
from pipelines.report.facts.collection import collect_report
from pipelines.runs.champion import open_champion, recover_champion
from tests.e2e.conftest import Run, run_pipeline
from tests.e2e.deadly_worker_server import Place, kill_node, serve_deadly_workers
from tests.e2e.scheduled_run import ScheduledRun

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive]

PIPELINE = "chicago_taxi"
RESOLVERS = ["EarlierSpans", "LatestAcceptedData", "LatestBlessedModel"]
NODES = [
    "CuratedSchema",
    "CsvExampleGen",
    *RESOLVERS,
    "StatisticsGen",
    "SchemaGen",
    "ExampleValidator",
    "DataGate",
    "TrainingWindow",
    "Transform",
    "Trainer",
    "Evaluator",
    "ModelValidator",
    "Pusher",
]
PLACES = {
    **{node_id: [Place.WRITTEN, Place.PUBLISHED] for node_id in RESOLVERS},
    "Pusher": [Place.BEFORE, Place.WRITING, Place.WRITTEN],
}
"""Where nodes are killed that have fewer places than others.

A resolver executes nothing. A push that was published has happened: pushed again, it would be
recorded again, as by every later run with the same model.
"""


@pytest.fixture(scope="module", autouse=True)
def deadly_workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nodes that die where they are told to, and otherwise work as ever."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("d")))
        with serve_deadly_workers():
            yield


@pytest.fixture(scope="module")
def scheduled(tmp_path_factory: pytest.TempPathFactory) -> ScheduledRun:
    """A run each of whose nodes is killed at every place, and run again each time."""
    run = ScheduledRun(tmp_path_factory.mktemp("scheduled"), "killed")
    assert run.compile() == ExitCode.DONE
    assert sorted(run.list_nodes()) == sorted(NODES)
    return run


@pytest.fixture(scope="module")
def killed_pusher(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A local run whose Pusher was killed with the new version in place and not published."""
    with kill_node("Pusher", Place.WRITTEN):
        return run_pipeline(tmp_path_factory.mktemp("local"))


def _count_live(run: Run | ScheduledRun) -> dict[str, int]:
    """Count the live artifacts by node and output."""
    layout = run.layout
    with open_run_store(layout.metadata_store, PIPELINE) as store:
        return Counter(
            Path(artifact.uri).parent.relative_to(layout.pipeline_root).as_posix()
            for artifact in store.store.get_artifacts()
            # A change of the champion has no files.
            if artifact.state == mlmd.Artifact.LIVE and artifact.uri
        )


@pytest.mark.parametrize("node_id", NODES)
def test_a_killed_node_is_run_again(scheduled: ScheduledRun, node_id: str) -> None:
    """Killed anywhere it fails, and leaves nothing behind once it has ended well."""
    places = PLACES.get(node_id, list(Place))
    for place in places:
        with kill_node(node_id, place):
            code, killed = scheduled.run_node(node_id)
        assert code == ExitCode.FAILED, place
        assert "SIGKILL" in killed.problems[0].message

    code, result = scheduled.run_node(node_id)

    assert code == ExitCode.DONE
    assert result.is_good
    states = [attempt.last_known_state for attempt in scheduled.list_attempts(node_id)]
    expected = [*([mlmd.Execution.FAILED] * len(places)), mlmd.Execution.COMPLETE]
    if Place.PUBLISHED in places:
        # What it had published is good: the attempt after it finds it in the cache, which a
        # resolver does not have.
        again = mlmd.Execution.COMPLETE if node_id in RESOLVERS else mlmd.Execution.CACHED
        expected[-2:] = [mlmd.Execution.COMPLETE, again]
    assert states == expected
    for output in (scheduled.layout.pipeline_root / node_id).glob("*"):
        if not output.name.startswith("."):
            assert len(list(output.iterdir())) == 1, output


def test_the_run_is_as_if_undisturbed(scheduled: ScheduledRun, first_run: Run) -> None:
    """It is pushed, with one live artifact an output, and with the rows, metrics and gates."""
    run = scheduled.finish()

    assert run.exit_code == ExitCode.DONE
    assert run.done.verdict is Verdict.PUSHED
    rows = {node.id: (node.rows_in, node.rows_out) for node in run.done.nodes}
    assert rows == {node.id: (node.rows_in, node.rows_out) for node in first_run.done.nodes}
    metrics = {metric.name: metric.value for metric in run.done.metrics}
    undisturbed = {metric.name: metric.value for metric in first_run.done.metrics}
    assert metrics == pytest.approx(undisturbed, abs=1e-6)
    outcomes = [(gate.name, gate.slice, gate.outcome) for gate in run.done.gates]
    assert outcomes == [(gate.name, gate.slice, gate.outcome) for gate in first_run.done.gates]
    live = _count_live(scheduled)
    assert set(live.values()) == {1}, live
    assert list_versions(run.layout.serving_root) == [run.done.pushed_version]


def test_a_local_run_tells_which_node_died(killed_pusher: Run) -> None:
    """It fails, names the node and how it died, closes its execution and claims no push."""
    run = killed_pusher

    assert run.exit_code == ExitCode.FAILED
    assert {node.id for node in run.done.nodes if node.state is NodeState.FAILED} == {"Pusher"}
    assert "SIGKILL" in run.done.problems[0].message
    assert run.done.pushed_version is None
    assert run.done.reason.startswith("Pusher failed; no push is recorded")
    assert len(list_versions(run.layout.serving_root)) == 1
    report = collect_report(run.layout, run.done.run_id).node("Pusher")
    assert report.problems == run.done.problems
    assert report.row.started_at is not None
    with open_run_store(run.layout.metadata_store, PIPELINE) as store:
        execution = store.find_execution(run.done.run_id, "Pusher")
    assert execution is not None
    assert execution.last_known_state == mlmd.Execution.FAILED
    assert not list((run.layout.pipeline_root / "Pusher").glob(f"*/{execution.id}"))


def test_the_next_local_run_takes_over_what_was_pushed(
    killed_pusher: Run, first_run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """The version that the killed Pusher had put in place is the champion, and stays alone.

    That is recorded and said once, and the run compares with it.
    """
    left = list_versions(killed_pusher.layout.serving_root)
    capsys.readouterr()

    run = run_pipeline(killed_pusher.layout.root)

    said = [line for line in capsys.readouterr().out.splitlines() if "recovered" in line]
    assert len(said) == 1
    assert said[0].startswith(f"champion recovered: serving/{left[0]} was put in place and not")
    lines, _ = recover_champion(run.layout, PIPELINE)
    assert lines == ()
    with open_champion(run.layout, PIPELINE) as champion:
        state = champion.show()
    assert (state.version, [change.action for change in state.changes]) == (
        left[0],
        [Action.RECOVERED],
    )
    assert run.done.has_champion
    for metric in run.done.metrics:
        assert metric.baseline == pytest.approx(metric.value, abs=1e-6, nan_ok=True)

    assert run.exit_code == ExitCode.DONE
    assert [run.done.pushed_version] == left
    assert list_versions(run.layout.serving_root) == left
    undisturbed = {metric.name: metric.value for metric in first_run.done.metrics}
    metrics = {metric.name: metric.value for metric in run.done.metrics}
    assert metrics == pytest.approx(undisturbed, abs=1e-6)
    live = _count_live(run)
    # The gate ran twice to its end: without data accepted before, and against that data itself.
    assert live.pop("DataGate/verdict") == 2
    # So was the model measured and judged: alone, and beside the champion.
    judged = ("Evaluator/evaluation", "Evaluator/blessing", "ModelValidator/blessing")
    assert [live.pop(output) for output in judged] == [2, 2, 2]
    assert set(live.values()) == {1}, live
