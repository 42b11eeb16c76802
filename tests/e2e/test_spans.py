"""Spans of the real trips, one after the other: the window, the reference, and running again."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from pipelines.records.exit_code import ExitCode
from pipelines.records.node_result import NodeState
from pipelines.records.run_summary import RunSummary, Verdict
from tests.e2e.conftest import Run, run_pipeline

pytestmark = pytest.mark.slow

FIRST, SECOND = "2013-01-01", "2013-04-01"
# A quick training, and a gate that it passes: what is tested is which rows go where.
OPTIONS = (
    *("--set", "trainer.max_epochs=2"),
    *("--set", "gates=[{kind: value, name: log_loss_ceiling, metric: log_loss, max: 0.9}]"),
)


@dataclasses.dataclass(frozen=True)
class Spans:
    """Two spans, run one after the other in one output root."""

    output: Path
    first: Run
    second: Run

    def run(self, span: str, *words: str) -> Run:
        """Run a span once more."""
        return _run_span(self.output, span, *words)


def _run_span(output: Path, span: str, *words: str) -> Run:
    return run_pipeline(output, *OPTIONS, "--span", span, *words)


@pytest.fixture(scope="module")
def spans(tmp_path_factory: pytest.TempPathFactory) -> Spans:
    """The first two quarters."""
    output = tmp_path_factory.mktemp("spans")
    return Spans(output, _run_span(output, FIRST), _run_span(output, SECOND))


def _count(summary: RunSummary, node_id: str) -> dict[str, int]:
    """Give the rows that a node put out, by split."""
    return next(node.rows_out for node in summary.nodes if node.id == node_id)


def test_trains_on_the_window(spans: Spans) -> None:
    """The window's rows are the sum of its spans' rows, and they are what is trained on."""
    first = _count(spans.first.done, "CsvExampleGen")
    second = _count(spans.second.done, "CsvExampleGen")

    splits = ("train", "validation")
    summed = {split: first[split] + second[split] for split in splits}
    assert _count(spans.first.done, "TrainingWindow") == {split: first[split] for split in splits}
    assert _count(spans.second.done, "TrainingWindow") == summed
    assert _count(spans.second.done, "Transform") == summed
    read = {node.id: node.rows_in for node in spans.second.done.nodes}
    assert {split: read["TrainingWindow"][split] for split in splits} == summed
    assert read["Trainer"] == summed


def test_evaluates_on_the_newest_span_alone(spans: Spans) -> None:
    """What is measured is how the model does on the span that came last."""
    for run in (spans.first, spans.second):
        test_rows = _count(run.done, "CsvExampleGen")["test"]
        assert _count(run.done, "Evaluator") == {"overall": test_rows}


def test_compares_with_the_previous_accepted_span(spans: Spans) -> None:
    """Drift is measured from the span before; the first has none."""
    first, second = spans.first.done.data, spans.second.done.data

    assert first is not None
    assert second is not None
    assert first.previous is None
    assert second.previous == first.data
    assert {score.basis for score in second.scores} == {"drift", "skew"}


def test_both_are_pushed(spans: Spans) -> None:
    """Each span ends with a model, the second judged beside the first's."""
    assert spans.first.done.verdict is Verdict.PUSHED
    assert spans.second.done.verdict is Verdict.PUSHED
    assert not spans.first.done.has_champion
    assert spans.second.done.has_champion


def test_the_same_date_again_is_cached(spans: Spans) -> None:
    """It picks the same window and reference, though a later span was accepted since."""
    again = spans.run(FIRST)

    assert again.exit_code == ExitCode.DONE
    cached = {node.id for node in again.done.nodes if node.state is NodeState.CACHED}
    assert cached >= {"CsvExampleGen", "DataGate", "TrainingWindow", "Transform", "Trainer"}
    rows = _count(spans.first.done, "TrainingWindow")
    assert _count(again.done, "TrainingWindow") == rows
    assert again.done.data == spans.first.done.data


def test_refresh_runs_everything_again_and_changes_nothing(spans: Spans) -> None:
    """Every node runs, on the same window, to the same metrics and verdict."""
    fresh = spans.run(SECOND, "--refresh")

    assert fresh.exit_code == ExitCode.DONE
    assert fresh.done.verdict is spans.second.done.verdict
    assert {node.state for node in fresh.done.nodes} == {NodeState.DONE}
    rows = {node.id: node.rows_out for node in spans.second.done.nodes}
    assert {node.id: node.rows_out for node in fresh.done.nodes} == rows
    metrics = {metric.name: metric.value for metric in spans.second.done.metrics}
    again = {metric.name: metric.value for metric in fresh.done.metrics}
    assert again == pytest.approx(metrics, abs=1e-6, nan_ok=True)


def test_a_missing_span_is_named_and_no_other_is_run(
    spans: Spans, capsys: pytest.CaptureFixture[str]
) -> None:
    """A date without data is wrong usage: path and date are told, and nothing is read instead."""
    missing = spans.run("2013-02-01")

    assert missing.exit_code == ExitCode.USAGE
    assert missing.summary is None
    [line] = capsys.readouterr().err.splitlines()
    assert "spans/2013-02-01" in line
    assert "2013-01-01 to 2016-10-01" in line
