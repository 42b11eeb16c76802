"""The page of two runs side by side."""

from __future__ import annotations

from pipelines.report.charts import data_charts
from pipelines.report.charts.marks import VERDICT_MARKS
from pipelines.report.model.run_comparison import ColumnChange, RunComparison
from pipelines.report.pages.templating import render

_MOST_CHARTS = 6


def render_two_runs(comparison: RunComparison) -> str:
    """Render the page of two runs side by side."""
    differing = [gate for gate in comparison.gates if gate.differs]
    return render(
        "comparison.html",
        {
            "comparison": comparison,
            "sides": (("First", comparison.before), ("Second", comparison.after)),
            "verdict_marks": VERDICT_MARKS,
            "differing_gates": differing,
            "column_uses": {column.feature: _measure_use(column) for column in comparison.columns},
            "charts": tuple(
                data_charts.draw_shift(column)
                for column in comparison.columns[:_MOST_CHARTS]
                if column.distance is not None and column.distance.value > 0
            ),
            "chart_legend": data_charts.SHIFT_SERIES,
        },
    )


def _measure_use(column: ColumnChange) -> float | None:
    """Measure how much of limit and noise a distance uses; None without a limit or a distance."""
    if column.distance is None or not column.limit:
        return None
    return column.distance.value / (column.limit + column.distance.noise)
