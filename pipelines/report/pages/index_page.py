"""The page of all runs."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.report.charts.chart import Chart
from pipelines.report.charts.history_charts import draw_drift, draw_metric
from pipelines.report.model.run_index import RunIndex
from pipelines.report.pages.run_page import HEADLINE_METRICS
from pipelines.report.pages.templating import render, write_words


def render_all_runs(index: RunIndex) -> str:
    """Render the page of all runs."""
    newest_first = tuple(reversed(index.runs))
    return render(
        "index.html",
        {
            "index": index,
            "runs": newest_first,
            "verdicts": tuple(dict.fromkeys(run.summary.verdict for run in newest_first)),
            "metric_names": _list_metrics(index),
            "charts": tuple(_draw_charts(index)),
            "steps": tuple(reversed(index.history)),
        },
    )


def _list_metrics(index: RunIndex) -> tuple[str, ...]:
    """Give the headline metrics that any run has."""
    present = {metric.name for run in index.runs for metric in run.summary.metrics}
    return tuple(name for name in HEADLINE_METRICS if name in present)


def _draw_charts(index: RunIndex) -> Iterator[Chart]:
    charts = [draw_metric(index.runs, name, write_words(name)) for name in _list_metrics(index)]
    yield from (chart for chart in (*charts, draw_drift(index.runs)) if chart is not None)
