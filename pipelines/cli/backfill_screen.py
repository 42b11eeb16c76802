"""The table that a backfill ends with."""

from __future__ import annotations

from rich.table import Table

from pipelines.cli.screen import add_row, create_table, format_score, render_state
from pipelines.runner.backfill import BackfillSummary

_HEADERS = (
    "span",
    "rows",
    "trained on",
    "most drifted, of allowed",
    "gates",
    "AUC",
    "champion",
    "verdict",
    "seconds",
)
_NUMBERS = ("rows", "trained on", "gates", "AUC", "champion", "seconds")


def render_backfill(summary: BackfillSummary) -> Table:
    """Render one line per span."""
    table = create_table(*_HEADERS, right=_NUMBERS, no_wrap=("span", "verdict"))
    for outcome in summary.spans:
        judged = outcome.gates_passed + outcome.gates_not_passed
        drift = outcome.drift
        add_row(
            table,
            outcome.span.isoformat(),
            _format_count(outcome.rows),
            _format_count(outcome.training_rows),
            f"{drift.feature} {drift.value:.3f} of {drift.allowed:.3f}"
            if drift
            else "nothing to compare with",
            f"{outcome.gates_passed} of {judged}" if judged else "",
            format_score(outcome.auc),
            format_score(outcome.champion_auc, "none yet"),
            render_state(outcome.verdict),
            f"{outcome.seconds:.0f}",
        )
    return table


def _format_count(count: int | None) -> str:
    return "" if count is None else f"{count:,}"
