"""The page of all runs."""

from __future__ import annotations

from pipelines.report.charts.history_charts import draw_drift, draw_metric
from pipelines.report.model.run_index import RunIndex
from pipelines.report.pages.run_page import HEADLINE_METRICS
from pipelines.report.pages.templating import format_words, render


def render_index(index: RunIndex) -> str:
    """Render the page of all runs, for ``reports/index.html``."""
    measured = {metric.name for run in index.runs for metric in run.summary.metrics}
    names = [name for name in HEADLINE_METRICS if name in measured]
    charts = [draw_metric(index.runs, name, format_words(name)) for name in names]
    return render(
        "index.html",
        index=index,
        metric_names=names[:2],
        metric_columns=[(format_words(name), "number") for name in names[:2]],
        charts=[chart for chart in (*charts, draw_drift(index.runs)) if chart is not None],
    )
