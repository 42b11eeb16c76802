"""Runs summed up from what they left: their order, and a verdict for those that were not ended."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ml_metadata.proto import metadata_store_pb2 as mlmd

from components.problem import Problem
from pipelines.cli import main
from pipelines.config.layout import OutputLayout
from pipelines.metadata.run_store import RunStore, open_run_store
from pipelines.records.exit_code import ExitCode
from pipelines.records.node_result import NodeResult, NodeState
from pipelines.records.run_summary import Verdict
from pipelines.runs.recorded_run import load_run
from pipelines.runs.run_list import list_runs
from pipelines.runs.summaries import load_summary, summarize_run
from tests.tiny_store import CACHED, COMPLETE, FAILED, PIPELINE, TinyStore, compile_run


def _record(layout: OutputLayout, run_id: str, result: NodeResult) -> None:
    """Leave what running a node leaves in the metadata store."""
    tiny = TinyStore.open(layout.metadata_store, PIPELINE)
    execution = tiny.record(run_id, result.id, state=COMPLETE if result.is_good else FAILED)
    RunStore(tiny.store, PIPELINE).record(execution, result)


@pytest.fixture
def layout(tmp_path: Path) -> OutputLayout:
    """An empty output root."""
    return OutputLayout(tmp_path)


def test_runs_are_listed_in_the_order_in_which_they_were_compiled(layout: OutputLayout) -> None:
    """Names do not matter: a backfilled date is newer than what it is named after."""
    compile_run(layout, "scheduled__2026-03-01T00:00:00+00:00", minutes=1)
    compile_run(layout, "20260101T000000Z", minutes=3)
    compile_run(layout, "backfill__2013-01-01T00:00:00+00:00", minutes=2)

    assert list_runs(layout).run_ids == [
        "scheduled__2026-03-01T00:00:00+00:00",
        "backfill__2013-01-01T00:00:00+00:00",
        "20260101T000000Z",
    ]


def test_runs_prints_names_whole_and_the_newest_first(
    layout: OutputLayout, capsys: pytest.CaptureFixture[str]
) -> None:
    """A name can be copied from the list, however long a scheduler makes it."""
    names = ["scheduled__2026-03-01T00:00:00.000001+00:00", "manual__2013-01-01T00:00:00+00:00"]
    for minutes, name in enumerate(names):
        compile_run(layout, name, minutes)
    _record(layout, names[0], NodeResult(id="Reader", state=NodeState.DONE))

    assert main(["runs", "--output", str(layout.root)]) == ExitCode.DONE

    _, newest, oldest = capsys.readouterr().out.splitlines()
    assert names[1] in newest
    assert names[0] in oldest


def test_a_folder_without_a_compiled_pipeline_is_no_run(layout: OutputLayout) -> None:
    """A run that failed to compile is not listed."""
    layout.run("broken").logs_directory.mkdir(parents=True)

    assert list_runs(layout).run_ids == []


def test_the_newest_run_is_the_one_compiled_last(layout: OutputLayout) -> None:
    """``latest`` goes by the time, too."""
    compile_run(layout, "b", minutes=1)
    compile_run(layout, "a", minutes=2)

    assert load_summary(layout).run_id == "a"


def test_a_run_of_which_nothing_ran_has_failed(layout: OutputLayout) -> None:
    """Without a metadata store, the first node was not run, and nothing was pushed."""
    compile_run(layout, "run")

    summary = summarize_run(load_run(layout, "run"))

    assert summary.verdict is Verdict.FAILED
    assert summary.verdict.exit_code == ExitCode.FAILED
    assert summary.reason == "Reader was not run; nothing was pushed"
    assert {node.state for node in summary.nodes} == {NodeState.SKIPPED}


def test_a_run_some_nodes_of_which_never_ran_has_failed(layout: OutputLayout) -> None:
    """What is done is done, but a run that a scheduler gave up is no success."""
    compile_run(layout, "run")
    _record(layout, "run", NodeResult(id="Reader", state=NodeState.DONE))

    summary = summarize_run(load_run(layout, "run"))

    assert summary.verdict is Verdict.FAILED
    assert summary.reason == "Counter was not run; nothing was pushed"
    assert [node.state for node in summary.nodes] == [NodeState.DONE, NodeState.SKIPPED]


def test_a_failed_node_is_the_reason_and_not_what_it_left_undone(layout: OutputLayout) -> None:
    """The node that broke is named, with its problem; that others did not run follows from it."""
    compile_run(layout, "run")
    problem = Problem(rule="process died", message="ended with signal SIGKILL")
    _record(layout, "run", NodeResult(id="Reader", state=NodeState.FAILED, problems=(problem,)))

    summary = summarize_run(load_run(layout, "run"))

    assert summary.reason == "Reader failed; nothing was pushed"
    assert summary.problems == (problem,)


def test_a_killed_push_is_not_denied(layout: OutputLayout) -> None:
    """A Pusher that died may have put its version in place, so nothing is said of the folder."""
    compile_run(layout, "run", node_ids=("Reader", "Pusher"))
    _record(layout, "run", NodeResult(id="Reader", state=NodeState.DONE))
    _record(layout, "run", NodeResult(id="Pusher", state=NodeState.FAILED))

    summary = summarize_run(load_run(layout, "run"))

    assert summary.pushed_version is None
    assert summary.reason.startswith("Pusher failed; no push is recorded")


def test_the_last_attempt_at_a_node_counts(layout: OutputLayout) -> None:
    """A node that failed and was run again is done."""
    compile_run(layout, "run")
    _record(layout, "run", NodeResult(id="Reader", state=NodeState.FAILED))
    _record(layout, "run", NodeResult(id="Reader", state=NodeState.DONE))
    _record(layout, "other", NodeResult(id="Reader", state=NodeState.FAILED))

    with open_run_store(layout.metadata_store, PIPELINE) as store:
        assert len(store.list_attempts("run", "Reader")) == 2
    assert summarize_run(load_run(layout, "run")).nodes[0].state is NodeState.DONE


def test_nodes_that_were_not_asked_for_are_no_reason(layout: OutputLayout) -> None:
    """A part of the pipeline that is done is done, and called a part."""
    compile_run(layout, "run", not_asked_for=("Counter",))
    _record(layout, "run", NodeResult(id="Reader", state=NodeState.DONE))

    summary = summarize_run(load_run(layout, "run"))

    assert summary.verdict is Verdict.PARTIAL
    assert summary.verdict.exit_code == ExitCode.DONE


@pytest.mark.parametrize(
    ("state", "expected"),
    [(COMPLETE, NodeState.DONE), (CACHED, NodeState.CACHED), (FAILED, NodeState.FAILED)],
)
@pytest.mark.parametrize("kept", ["{", '{"id": "Reader"}', '{"id": "Reader", "state": "paused"}'])
def test_a_result_that_cannot_be_read_is_what_the_store_tells(
    layout: OutputLayout, kept: str, state: mlmd.Execution.State, expected: NodeState
) -> None:
    """Half a result, or one of another version, leaves the state that the store has."""
    compile_run(layout, "run", not_asked_for=("Counter",))
    tiny = TinyStore.open(layout.metadata_store, PIPELINE)
    execution = tiny.record("run", "Reader", state=state)
    execution.custom_properties["node_result"].string_value = kept
    tiny.store.put_executions([execution])

    summary = summarize_run(load_run(layout, "run"))

    assert summary.nodes[0].state is expected
    assert summary.nodes[0].cached is (expected is NodeState.CACHED)
    assert bool(summary.problems) is (expected is NodeState.FAILED)


def test_what_a_later_version_adds_to_a_result_is_passed_over(layout: OutputLayout) -> None:
    """The rest of the result counts as it was kept."""
    compile_run(layout, "run")
    result = NodeResult(id="Reader", state=NodeState.DATA_REFUSED, seconds=3.0)
    tiny = TinyStore.open(layout.metadata_store, PIPELINE)
    execution = tiny.record("run", "Reader")
    content = {**json.loads(result.model_dump_json()), "format_version": 2, "mood": "good"}
    execution.custom_properties["node_result"].string_value = json.dumps(content)
    tiny.store.put_executions([execution])

    found = load_run(layout, "run").nodes[0].result

    assert found == result.model_copy(update={"format_version": 2})
