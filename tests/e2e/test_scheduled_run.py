"""Runs as a scheduler makes them: the same verdict, retries, and nodes that are cleared."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipelines.cli import main
from pipelines.metadata.run_store import open_run_store
from pipelines.records.exit_code import ExitCode
from pipelines.records.node_result import NodeState
from pipelines.records.run_summary import Verdict
from pipelines.workers.client import stop_servers
from tests.e2e.conftest import SAMPLE, Run
from tests.e2e.node_killer import kill_node
from tests.e2e.scheduled_run import ScheduledRun

pytestmark = pytest.mark.slow

KILLED = "StatisticsGen"
RUN_ID = "scheduled__2026-01-01T00:00:00+00:00"


@pytest.fixture(scope="module")
def scheduled(tmp_path_factory: pytest.TempPathFactory) -> ScheduledRun:
    """A run in which a node was killed by ``kill -9`` and run again."""
    run = ScheduledRun(tmp_path_factory.mktemp("scheduled"), RUN_ID)
    assert run.compile() == ExitCode.DONE
    before = run.list_nodes()[: run.list_nodes().index(KILLED)]
    assert run.run_nodes(*before).is_good
    with kill_node(run.layout, KILLED):
        code, result = run.run_node(KILLED)
    assert code == ExitCode.FAILED
    assert "SIGKILL" in result.problems[0].message
    assert run.run_nodes(*run.list_nodes()[len(before) :]).is_good
    return run


@pytest.fixture(scope="module")
def finished(scheduled: ScheduledRun) -> Run:
    """What ``finish`` says of it."""
    return scheduled.finish()


def test_has_the_verdict_of_a_local_run(finished: Run, first_run: Run) -> None:
    """Same data and configuration: the same verdict, gates, splits and metrics."""
    assert finished.exit_code == ExitCode.DONE
    assert finished.done.verdict is Verdict.PUSHED
    assert finished.done.reason.split(" ", 2)[2] == first_run.done.reason.split(" ", 2)[2]
    rows = {node.id: node.rows_out for node in finished.done.nodes}
    assert rows == {node.id: node.rows_out for node in first_run.done.nodes}
    metrics = {metric.name: metric.value for metric in finished.done.metrics}
    local = {metric.name: metric.value for metric in first_run.done.metrics}
    assert metrics == pytest.approx(local, abs=1e-6)
    outcomes = [(gate.name, gate.slice, gate.outcome) for gate in finished.done.gates]
    assert outcomes == [(gate.name, gate.slice, gate.outcome) for gate in first_run.done.gates]


def test_a_killed_attempt_leaves_nothing(scheduled: ScheduledRun, finished: Run) -> None:
    """The dead execution is marked failed, and each output has one live artifact and one folder."""
    states = [attempt.last_known_state for attempt in scheduled.list_attempts(KILLED)]
    with open_run_store(scheduled.layout.metadata_store, "chicago_taxi") as store:
        live = Counter(
            Path(artifact.uri).parent.relative_to(scheduled.layout.pipeline_root).as_posix()
            for artifact in store.store.get_artifacts()
            if artifact.state == mlmd.Artifact.LIVE
        )

    assert states == [mlmd.Execution.FAILED, mlmd.Execution.COMPLETE]
    assert set(live.values()) == {1}, live
    folder = scheduled.layout.pipeline_root / KILLED / "statistics"
    assert len(list(folder.iterdir())) == 1


def test_show_tells_what_finish_told(
    scheduled: ScheduledRun, finished: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """The run is one of those that ``runs`` and ``show`` know."""
    output = ["--config", "test", "--output", str(scheduled.output)]

    assert main(["runs", *output]) == ExitCode.DONE
    assert RUN_ID in capsys.readouterr().out
    assert main(["show", RUN_ID, *output, "--json", "-"]) == ExitCode.DONE
    assert capsys.readouterr().out == finished.done.model_dump_json(indent=2) + "\n"


def test_a_cleared_node_is_served_from_the_cache(scheduled: ScheduledRun, finished: Run) -> None:
    """Run again in its run with nothing changed, it hands the same artifacts on."""
    before = scheduled.list_good_outputs("Transform")

    code, result = scheduled.run_node("Transform")

    assert code == ExitCode.DONE
    assert result.state is NodeState.CACHED
    again = scheduled.list_good_outputs("Transform")[len(before) :]
    assert [one.artifact.id for one in again] == [one.artifact.id for one in before]
    assert scheduled.run_node("Trainer")[1].state is NodeState.CACHED
    assert scheduled.finish().done.verdict is Verdict.PUSHED


def test_a_refreshed_node_hands_on_its_last_output_alone(
    scheduled: ScheduledRun, finished: Run
) -> None:
    """With ``--refresh`` it runs again, and the nodes after it read what the last attempt wrote."""
    refreshed = ScheduledRun(scheduled.output, "refreshed")
    assert refreshed.compile("--refresh") == ExitCode.DONE
    assert refreshed.run_nodes("CuratedSchema", "CsvExampleGen").is_good

    code, result = refreshed.run_node("CsvExampleGen")

    assert code == ExitCode.DONE
    assert result.state is NodeState.DONE
    first, last = refreshed.list_good_outputs("CsvExampleGen")
    assert first.artifact.id != last.artifact.id
    assert refreshed.run_nodes("StatisticsGen").is_good
    given = [one for one in refreshed.list_inputs("StatisticsGen") if one.key == "examples"]
    assert [one.artifact.id for one in given] == [last.artifact.id]


def test_a_node_starts_a_server_where_there_is_none(scheduled: ScheduledRun, finished: Run) -> None:
    """The node waits for its imports; what TensorFlow announces meanwhile is in no node's log."""
    anew = ScheduledRun(scheduled.output, "anew")
    assert anew.compile("--refresh") == ExitCode.DONE
    stop_servers()

    code, result = anew.run_node("CsvExampleGen")

    assert code == ExitCode.DONE
    assert result.state is NodeState.DONE
    assert "cuda" not in anew.layout.run("anew").log_path("CsvExampleGen").read_text().lower()
    assert anew.run_nodes("CuratedSchema", "StatisticsGen").is_good


def test_data_that_was_mended_goes_on_in_the_same_run(
    scheduled: ScheduledRun, finished: Run, tmp_path: Path
) -> None:
    """Gate and ``finish`` refuse with exit code 3; cleared with better data, the run goes on."""
    csv = tmp_path / "trips.csv"
    good = SAMPLE.read_text(encoding="utf-8")
    csv.write_text(good.replace("Cash", "Shells", 5), encoding="utf-8")
    run = ScheduledRun(scheduled.output, "mended", ("--data", str(tmp_path)))
    assert run.compile() == ExitCode.DONE

    assert run.run_nodes().state is NodeState.DATA_REFUSED
    refused = ScheduledRun(run.output, run.run_id).finish()
    csv.write_text(good, encoding="utf-8")
    nodes = run.list_nodes()
    last = run.run_nodes(*nodes[: nodes.index("TrainingWindow") + 1])

    assert refused.exit_code == ExitCode.DATA_REFUSED
    assert refused.done.verdict is Verdict.DATA_REFUSED
    assert "Shells" in refused.done.problems[0].message
    assert refused.done.pushed_version is None
    assert last.is_good
    given = [one.artifact.id for one in run.list_inputs("DataGate") if one.key == "statistics"]
    assert given == [run.list_good_outputs("StatisticsGen")[-1].artifact.id]
    unfinished = ScheduledRun(run.output, run.run_id).finish()
    assert unfinished.exit_code == ExitCode.FAILED
    assert unfinished.done.reason == "Transform was not run; nothing was pushed"


def test_finish_names_a_run_that_was_never_compiled(
    scheduled: ScheduledRun, capsys: pytest.CaptureFixture[str]
) -> None:
    """An unknown run is wrong usage, in one line."""
    words = ["--config", "test", "--output", str(scheduled.output), "--run-id", "nobody"]

    assert main(["finish", *words]) == ExitCode.USAGE
    [line] = capsys.readouterr().err.splitlines()
    assert "'nobody'" in line


def test_compile_refuses_a_pipeline_of_another_shape(
    scheduled: ScheduledRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A DAG that was drawn from other nodes must not run these: ``--like`` tells before they do."""
    description = scheduled.layout.run(RUN_ID).description_path.read_text(encoding="utf-8")
    same, other = tmp_path / "same.json", tmp_path / "other.json"
    same.write_text(description, encoding="utf-8")
    other.write_text(description.replace('"Trainer"', '"Tuner"'), encoding="utf-8")
    run = ScheduledRun(scheduled.output, "like")

    assert run.compile("--like", str(same)) == ExitCode.DONE
    capsys.readouterr()
    assert run.compile("--like", str(other)) == ExitCode.USAGE
    [line] = capsys.readouterr().err.splitlines()
    assert "other.json" in line
