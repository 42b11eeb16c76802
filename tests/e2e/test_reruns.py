"""Runs after the first: what is cached, what a refusal looks like, and parts of the pipeline."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.cli import main
from pipelines.records.description import read_description
from pipelines.records.exit_code import ExitCode
from pipelines.records.node_result import NodeState
from pipelines.records.run_summary import Verdict
from tests.e2e.conftest import STRICT_GATE, Run, RunPipeline

pytestmark = pytest.mark.slow


def _list_versions(run: Run) -> list[str]:
    return sorted(path.name for path in run.layout.serving_root.iterdir() if path.name.isdigit())


def test_second_run_caches_what_has_not_changed(second_run: Run) -> None:
    """Only what depends on the accepted data and the new champion runs again."""
    ran = {node.id for node in second_run.done.nodes if not node.cached}

    assert ran == {
        "LatestAcceptedData",
        "EarlierSpans",
        "DataGate",
        "LatestBlessedModel",
        "Evaluator",
        "ModelValidator",
        "Pusher",
    }


def test_second_run_keeps_the_row_counts(first_run: Run, second_run: Run) -> None:
    """A cached node tells the rows of the run that made its outputs."""
    first = {node.id: node.rows_out for node in first_run.done.nodes}

    assert {node.id: node.rows_out for node in second_run.done.nodes} == first


def test_second_run_compares_with_the_champion(second_run: Run) -> None:
    """The same model is judged against itself, and no metric has changed."""
    assert second_run.done.has_champion
    for metric in second_run.done.metrics:
        assert metric.value == metric.baseline


def test_gives_the_same_metrics_again(first_run: Run, second_run: Run) -> None:
    """Same data, configuration and seed: the same metrics."""
    first = {metric.name: metric.value for metric in first_run.done.metrics}
    second = {metric.name: metric.value for metric in second_run.done.metrics}

    assert second == pytest.approx(first, abs=1e-6)


def test_does_not_push_the_same_model_twice(first_run: Run, second_run: Run) -> None:
    """The second run names the version that the first put there."""
    assert second_run.done.verdict is Verdict.PUSHED
    assert second_run.done.pushed_version == first_run.done.pushed_version
    assert _list_versions(second_run) == [str(first_run.done.pushed_version)]


def test_a_run_that_finds_everything_cached_executes_nothing(
    run: RunPipeline, second_run: Run
) -> None:
    """All that is left to a third run is what is never cached; it comes to the same result."""
    third_run = run()

    assert third_run.exit_code == ExitCode.DONE
    assert {node.id for node in third_run.done.nodes if not node.cached} == {
        "LatestAcceptedData",
        "EarlierSpans",
        "LatestBlessedModel",
        "Pusher",
    }
    before, after = (
        read_description(one.layout.run(one.done.run_id).description_path)
        for one in (second_run, third_run)
    )
    assert after.content_hash == before.content_hash
    assert after.compiled_at > before.compiled_at


def test_refuses_a_model_that_misses_a_gate(second_run: Run, refused_model_run: Run) -> None:
    """Exit code 4, the gate with value and limit, nothing pushed, no further node."""
    refused = refused_model_run
    states = {node.id: node.state for node in refused.done.nodes}

    assert refused.exit_code == ExitCode.MODEL_REFUSED
    assert refused.done.verdict is Verdict.MODEL_REFUSED
    assert refused.done.reason == "1 gate refused the model: auc_floor; nothing was pushed"
    assert [(gate.name, gate.limit, gate.passed) for gate in refused.done.gates] == [
        ("auc_floor", 0.9999, False)
    ]
    assert states["ModelValidator"] is NodeState.MODEL_REFUSED
    assert states["Pusher"] is NodeState.SKIPPED
    assert refused.done.pushed_version is None
    assert _list_versions(refused) == _list_versions(second_run)


def test_refuses_a_cached_model_again(run: RunPipeline, refused_model_run: Run) -> None:
    """A refusal that comes from the cache is a refusal all the same."""
    again = run("--set", STRICT_GATE)

    assert again.exit_code == ExitCode.MODEL_REFUSED
    assert next(node.cached for node in again.done.nodes if node.id == "ModelValidator")


def test_runs_a_part_of_the_pipeline(run: RunPipeline, second_run: Run) -> None:
    """``--from`` and ``--to`` run the nodes between, on the last run's artifacts."""
    part = run("--from", "SchemaGen", "--to", "ExampleValidator", "--to", "SchemaGen")
    done = {node.id for node in part.done.nodes if node.state is not NodeState.SKIPPED}

    assert part.exit_code == ExitCode.DONE
    assert part.done.verdict is Verdict.PARTIAL
    assert part.done.report is not None
    assert "Transform" not in done


def test_names_a_node_that_there_is_not(run: RunPipeline, second_run: Run) -> None:
    """``--to`` with an unknown node is wrong usage."""
    assert run("--to", "Nowhere").exit_code == ExitCode.USAGE


def test_show_and_runs_tell_of_earlier_runs(
    second_run: Run, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """``runs`` lists every run; ``show`` gives one again, as it ended."""
    output = ["--output", str(second_run.layout.root)]
    json_path = tmp_path / "shown.json"

    assert main(["runs", *output]) == ExitCode.DONE
    assert second_run.done.run_id in capsys.readouterr().out
    assert main(["show", second_run.done.run_id, *output, "--json", str(json_path)]) == 0
    assert json_path.read_text() == second_run.done.model_dump_json(indent=2) + "\n"


def test_show_knows_a_run_whose_summary_is_lost(second_run: Run, tmp_path: Path) -> None:
    """Without the summary's file, the metadata store tells the same."""
    path = second_run.layout.run(second_run.done.run_id).summary_path
    kept = path.read_text()
    json_path = tmp_path / "shown.json"
    path.unlink()
    try:
        output = ["--output", str(second_run.layout.root), "--json", str(json_path)]
        assert main(["show", second_run.done.run_id, *output]) == ExitCode.DONE
    finally:
        path.write_text(kept)

    recovered = Run(
        0, second_run.done.model_validate_json(json_path.read_text()), second_run.layout
    )
    assert recovered.done.verdict is second_run.done.verdict
    assert recovered.done.nodes == second_run.done.nodes
    assert recovered.done.gates == second_run.done.gates
