"""The page of two runs side by side."""

from __future__ import annotations

from pipelines.report.charts.data_charts import SHIFT_SERIES, draw_shift
from pipelines.report.model.run_comparison import RunComparison
from pipelines.report.pages.templating import render

_MAX_CHARTS = 6


def render_comparison(comparison: RunComparison) -> str:
    """Render the page of two runs side by side, for a folder beside those of the runs."""
    return render(
        "comparison.html",
        comparison=comparison,
        charts=[
            draw_shift(column)
            for column in comparison.columns[:_MAX_CHARTS]
            if column.distance is not None and column.distance.value > 0
        ],
        chart_legend=SHIFT_SERIES,
    )
