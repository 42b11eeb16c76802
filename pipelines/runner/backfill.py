"""Run the spans of the data from one date to another, and summarize the outcome of each."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from components.data_gate.findings import Comparison
from components.frozen_model import FrozenModel
from components.model_validator.gate_result import Outcome
from components.spans import list_spans
from pipelines.config.pipeline_config import PipelineConfig
from pipelines.records.errors import ConfigError
from pipelines.records.exit_code import ExitCode
from pipelines.records.nodes import NodeId
from pipelines.records.run_summary import RunSummary, Verdict

_NOT_PASSED = (Outcome.FAILED, Outcome.INCONCLUSIVE)


class Drift(FrozenModel):
    """The column that has drifted most, relative to its limit.

    Attributes:
        value: Its distance from the span before, 0 to 1.
        allowed: Maximum that it may be: its limit and what sampling alone explains.
    """

    feature: str
    value: float
    allowed: float


class SpanOutcome(FrozenModel):
    """The outcome of one span.

    Attributes:
        span: Its first day.
        rows: Rows of the span's CSV files; None where they could not be counted.
        training_rows: Rows of the window that the model was trained on; None without a model.
        compared_with: First day of the span that drift was measured against; None without one.
        drift: The column that drifted most; None where nothing was compared.
        gates_passed: Gates that passed, on all slices.
        gates_not_passed: Gates that failed or were inconclusive.
        auc: Area under the ROC curve on the span's test rows; None without a model.
        champion_auc: The same of the champion; None without one.
        champion_version: Version that was the champion before; None without one.
        pushed_version: Version that the run pushed; None where it pushed none.
    """

    span: datetime.date
    run_id: str
    verdict: Verdict
    reason: str
    rows: int | None
    training_rows: int | None
    compared_with: str | None
    drift: Drift | None
    gates_passed: int
    gates_not_passed: int
    auc: float | None
    champion_auc: float | None
    champion_version: int | None
    pushed_version: int | None
    seconds: float


class BackfillSummary(FrozenModel):
    """The outcome of every span, oldest first."""

    spans: tuple[SpanOutcome, ...]

    @property
    def exit_code(self) -> ExitCode:
        """Failed if a run broke; a refusal is an answer, shown in the table."""
        has_failed = any(one.verdict is Verdict.FAILED for one in self.spans)
        return ExitCode.FAILED if has_failed else ExitCode.DONE


def choose_spans(
    config: PipelineConfig, first: datetime.date | None, last: datetime.date | None
) -> tuple[datetime.date, ...]:
    """Choose the spans between two dates, both included.

    Returns:
        Their first days, ascending; at least one.

    Raises:
        ConfigError: If the configuration names no folder of spans, or there is none between.
    """
    there = list_spans(config.spans_directory)
    chosen = tuple(
        span
        for span in there
        if (first is None or first <= span) and (last is None or span <= last)
    )
    if not chosen:
        bounds = f"from {first or 'the first'} to {last or 'the last'}"
        extent = f"{there[0]} to {there[-1]}" if there else "none"
        raise ConfigError(f"no span {bounds} in {config.spans_directory}; it has {extent}")
    return chosen


def describe_outcome(
    span: datetime.date, summary: RunSummary, champion_version: int | None
) -> SpanOutcome:
    """Describe the outcome of a span, with the version that was the champion before its run."""
    rows = {node.id: node.rows_out for node in summary.nodes}
    auc = next((metric for metric in summary.metrics if metric.name == "auc"), None)
    outcomes = [gate.outcome for gate in summary.gates]
    data = summary.data
    return SpanOutcome(
        span=span,
        run_id=summary.run_id,
        verdict=summary.verdict,
        reason=summary.reason,
        rows=rows.get(NodeId.CSV_EXAMPLE_GEN, {}).get("csv"),
        training_rows=rows.get(NodeId.TRAINING_WINDOW, {}).get("train"),
        compared_with=data.previous.span if data is not None and data.previous else None,
        drift=_find_drift(data.scores if data is not None else ()),
        gates_passed=outcomes.count(Outcome.PASSED),
        gates_not_passed=sum(outcome in _NOT_PASSED for outcome in outcomes),
        auc=auc and auc.value,
        champion_auc=auc and auc.baseline,
        champion_version=champion_version,
        pushed_version=summary.pushed_version,
        seconds=summary.seconds,
    )


def _find_drift(scores: Sequence[Comparison]) -> Drift | None:
    drifted = [
        Drift(
            feature=score.feature,
            value=score.distance.value,
            allowed=score.limit + score.distance.noise,
        )
        for score in scores
        if score.basis == "drift"
    ]
    return max(drifted, key=lambda one: one.value / one.allowed, default=None)
