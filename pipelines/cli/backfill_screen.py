"""The table that a backfill ends with."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from pipelines.records.run_summary import Verdict
from pipelines.runner.backfill import BackfillSummary, Drift, SpanOutcome

_STYLES = {
    Verdict.PUSHED: "green",
    Verdict.DATA_REFUSED: "yellow",
    Verdict.MODEL_REFUSED: "yellow",
    Verdict.FAILED: "red",
    Verdict.PARTIAL: "cyan",
}


def render_backfill(summary: BackfillSummary) -> Table:
    """Render one line a span."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("span", no_wrap=True)
    table.add_column("rows", justify="right")
    table.add_column("trained on", justify="right")
    table.add_column("most drifted, of allowed")
    table.add_column("gates", justify="right")
    table.add_column("AUC", justify="right")
    table.add_column("champion", justify="right")
    table.add_column("verdict", no_wrap=True)
    table.add_column("seconds", justify="right")
    for outcome in summary.spans:
        table.add_row(*_create_cells(outcome))
    return table


def _create_cells(outcome: SpanOutcome) -> tuple[Text, ...]:
    judged = outcome.gates_passed + outcome.gates_not_passed
    verdict = outcome.verdict.value.replace("_", " ")
    return (
        Text(outcome.span.isoformat()),
        Text(_format_count(outcome.rows)),
        Text(_format_count(outcome.training_rows)),
        Text(_describe_drift(outcome.drift)),
        Text(f"{outcome.gates_passed} of {judged}" if judged else ""),
        Text("" if outcome.auc is None else f"{outcome.auc:.4f}"),
        Text("none yet" if outcome.champion_auc is None else f"{outcome.champion_auc:.4f}"),
        Text(verdict, style=_STYLES[outcome.verdict]),
        Text(f"{outcome.seconds:.0f}"),
    )


def _format_count(count: int | None) -> str:
    return "" if count is None else f"{count:,}"


def _describe_drift(drift: Drift | None) -> str:
    if drift is None:
        return "nothing to compare with"
    return f"{drift.feature} {drift.value:.3f} of {drift.allowed:.3f}"
