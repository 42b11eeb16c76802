"""Draw what changes from run to run: metrics, and how far the data has drifted."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from components.metrics.evaluation import MetricComparison
from pipelines.records.nodes import NodeId
from pipelines.records.run_summary import RunSummary, Verdict
from pipelines.report.charts.chart import Chart, Series, create_chart
from pipelines.report.charts.drawing import Spec
from pipelines.report.charts.marks import VERDICT_MARKS
from pipelines.report.charts.numerals import format_interval, format_metric, format_share
from pipelines.report.model.data_report import measure_use
from pipelines.report.model.run_index import IndexedRun

_WIDTH = 340
_HEIGHT = 170
_MOST_RUNS = 40
_MOST_COLUMNS = 4
_COLUMN_SERIES = (
    Series("", "--series-1", "line"),
    Series("", "--series-2", "dashed"),
    Series("", "--series-3", "dotted"),
    Series("", "--good", "line"),
)
_DASHES = {"line": [1, 0], "dashed": [5, 3], "dotted": [1, 3]}


@dataclasses.dataclass(frozen=True)
class _Point:
    """A metric of one run that has a value."""

    run: RunSummary
    metric: MetricComparison
    value: float


def draw_metric(runs: Sequence[IndexedRun], metric: str, title: str) -> Chart | None:
    """Draw a metric from run to run, with its 95 % interval.

    Args:
        runs: The runs, oldest first; the newest forty that measured the metric are drawn.

    Returns:
        The chart; None where no run has the metric.
    """
    points = [
        _Point(run.summary, found, found.value)
        for run in _leave_out_repeats(runs, NodeId.EVALUATOR)
        for found in run.summary.metrics
        if found.name == metric and found.value is not None
    ][-_MOST_RUNS:]
    if not points:
        return None
    values = [point.value for point in points]
    return create_chart(
        _create_metric_spec(points),
        title,
        _summarize(values),
        ("Run", title, "95 % interval", "Verdict"),
        tuple(
            (
                point.run.run_id,
                format_metric(point.value),
                format_interval(point.metric.lower, point.metric.upper),
                VERDICT_MARKS[point.run.verdict].word,
            )
            for point in points
        ),
        (
            Series("pushed", "--series-1", "dot"),
            Series("not pushed", "--series-1", "circle"),
            Series("95 % interval", "--series-3", "rule"),
        ),
    )


def _leave_out_repeats(runs: Sequence[IndexedRun], node_id: str) -> Sequence[IndexedRun]:
    """Leave out runs that found a node's result in the cache: they show an earlier run's again.

    Where nothing else is left, as after the earlier runs were removed, they stay.
    """
    repeats = {
        run.summary.run_id
        for run in runs
        if any(row.id == node_id and row.cached for row in run.summary.nodes)
    }
    return [run for run in runs if run.summary.run_id not in repeats] or runs


def _summarize(values: Sequence[float]) -> str:
    """Say in one sentence how a metric went, as the chart's text."""
    newest, lowest, highest = map(format_metric, (values[-1], min(values), max(values)))
    if len(values) == 1:
        return f"{newest} in the only run."
    if lowest == highest:
        return f"{newest} in each of {len(values)} runs."
    return f"{newest} in the newest of {len(values)} runs; between {lowest} and {highest}."


def draw_drift(runs: Sequence[IndexedRun]) -> Chart | None:
    """Draw how much of its drift limit each of the columns that drift most has used, run by run.

    Args:
        runs: The runs, oldest first.

    Returns:
        The chart; None where no run was compared with earlier data.
    """
    uses = _collect_uses(runs)
    if not uses:
        return None
    highest: dict[str, float] = {}
    for _, by_column in uses:
        for column, use in by_column.items():
            highest[column] = max(use, highest.get(column, 0.0))
    columns = sorted(highest, key=lambda column: -highest[column])[:_MOST_COLUMNS]
    series = tuple(
        Series(column, shape.color, shape.swatch)
        for column, shape in zip(columns, _COLUMN_SERIES, strict=False)
    )
    most = columns[0]
    return create_chart(
        _create_drift_spec(uses, series),
        "Drift",
        f"Use of limit and noise by the {len(columns)} columns that drifted most; most was "
        f"{format_share(highest[most])}, by {most}. Above 100 % the data is refused.",
        ("Span or run", *columns),
        tuple(
            (name, *(format_share(by_column.get(column)) for column in columns))
            for name, by_column in uses
        ),
        (*series, Series("limit", "--bad", "line")),
    )


def _collect_uses(runs: Sequence[IndexedRun]) -> list[tuple[str, dict[str, float]]]:
    """Give the largest use of a drift limit by column, of each run that was compared."""
    uses = []
    for run in _leave_out_repeats(runs, NodeId.DATA_GATE):
        scores = run.summary.data.scores if run.summary.data else ()
        by_column: dict[str, float] = {}
        for score in scores:
            if score.basis == "drift":
                use = round(measure_use(score), 4)
                by_column[score.feature] = max(use, by_column.get(score.feature, 0.0))
        if by_column:
            uses.append((run.span or run.summary.run_id, by_column))
    return uses[-_MOST_RUNS:]


def _create_metric_spec(points: Sequence[_Point]) -> Spec:
    values = [
        {
            "index": index,
            "y": point.value,
            "lower": point.value if point.metric.lower is None else point.metric.lower,
            "upper": point.value if point.metric.upper is None else point.metric.upper,
            "fill": f"var({'--series-1' if point.run.verdict is Verdict.PUSHED else '--card'})",
        }
        for index, point in enumerate(points, start=1)
    ]
    y = {
        "type": "quantitative",
        "title": None,
        "scale": {"zero": False},
        "axis": {"tickCount": 5, "domain": False, "ticks": False},
    }
    x = _encode_index(len(points), "run, oldest first")
    return {
        "width": _WIDTH,
        "height": _HEIGHT,
        "data": {"values": values},
        "layer": [
            {
                "mark": {"type": "rule", "color": "var(--series-3)", "strokeWidth": 1.5},
                "encoding": {"x": x, "y": {"field": "lower", **y}, "y2": {"field": "upper"}},
            },
            {
                "mark": {"type": "line", "color": "var(--series-1)", "strokeWidth": 1.5},
                "encoding": {"x": x, "y": {"field": "y", **y}},
            },
            {
                "mark": {
                    "type": "point",
                    "filled": True,
                    "size": 50,
                    "opacity": 1,
                    "stroke": "var(--series-1)",
                    "strokeWidth": 1.75,
                },
                "encoding": {
                    "x": x,
                    "y": {"field": "y", **y},
                    "fill": {"field": "fill", "type": "nominal", "scale": None},
                },
            },
        ],
    }


def _create_drift_spec(
    uses: Sequence[tuple[str, dict[str, float]]], series: Sequence[Series]
) -> Spec:
    x = _encode_index(len(uses), "compared run, oldest first")
    y = {
        "field": "y",
        "type": "quantitative",
        "title": None,
        "scale": {"domainMin": 0},
        "axis": {"format": "~%", "tickCount": 5, "domain": False, "ticks": False},
    }
    layers: list[Spec] = [
        {
            "data": {"values": [{"y": 1}]},
            "mark": {"type": "rule", "color": "var(--bad)", "strokeWidth": 1.5},
            "encoding": {"y": y},
        }
    ]
    for entry in series:
        values = [
            {"index": index, "y": by_column[entry.name]}
            for index, (_, by_column) in enumerate(uses, start=1)
            if entry.name in by_column
        ]
        color = f"var({entry.color})"
        mark = {
            "type": "line",
            "color": color,
            "strokeDash": _DASHES[entry.swatch],
            "point": {"color": color, "size": 24},
        }
        layers.append({"data": {"values": values}, "mark": mark, "encoding": {"x": x, "y": y}})
    return {"width": _WIDTH, "height": _HEIGHT, "layer": layers}


def _encode_index(count: int, title: str) -> Spec:
    return {
        "field": "index",
        "type": "quantitative",
        "title": title,
        "scale": {"domain": [0.5, count + 0.5], "nice": False},
        "axis": {
            "grid": False,
            "format": "d",
            "values": _choose_ticks(count),
        },
    }


def _choose_ticks(count: int) -> list[int]:
    """Choose at most ten whole numbers from 1 to ``count``."""
    step = max(1, -(-count // 10))
    return list(range(1, count + 1, step))
