"""Draw what changes from run to run: metrics, and how far the data has drifted."""

from __future__ import annotations

from collections.abc import Sequence

from components.metrics.evaluation import MetricComparison
from pipelines.records.nodes import NodeId
from pipelines.records.run_summary import RunSummary, Verdict
from pipelines.report.charts.chart import (
    Chart,
    Series,
    Swatch,
    create_layer,
    create_line,
    encode_number,
)
from pipelines.report.charts.drawing import Spec
from pipelines.report.charts.marks import VERDICT_MARKS
from pipelines.report.charts.numerals import format_interval, format_metric, format_share
from pipelines.report.model.data_report import measure_use
from pipelines.report.model.run_index import IndexedRun

_SIZE = {"width": 340, "height": 170}
_MAX_RUNS = 40
_MAX_TICKS = 10
_COLUMN_STYLES: tuple[tuple[str, Swatch], ...] = (
    ("--series-1", "line"),
    ("--series-2", "dashed"),
    ("--series-3", "dotted"),
    ("--good", "line"),
)
"""How the columns that drift most are drawn; no others are."""


def draw_metric(runs: Sequence[IndexedRun], metric: str, title: str) -> Chart | None:
    """Draw a metric from run to run, with its 95 % interval; None where no run has the metric.

    Args:
        runs: Oldest first; the newest forty that measured the metric are drawn.
    """
    measured = [
        (run.summary, found)
        for run in _leave_out_repeats(runs, NodeId.EVALUATOR)
        for found in run.summary.metrics
        if found.name == metric and found.value is not None
    ][-_MAX_RUNS:]
    if not measured:
        return None
    return Chart(
        _create_metric_spec(measured),
        title,
        _summarize([value for _, found in measured if (value := found.value) is not None]),
        ("Run", title, "95 % interval", "Verdict"),
        tuple(
            (
                run.run_id,
                format_metric(found.value),
                format_interval(found.lower, found.upper),
                VERDICT_MARKS[run.verdict].word,
            )
            for run, found in measured
        ),
        (
            Series("pushed", "--series-1", "dot"),
            Series("not pushed", "--series-1", "circle"),
            Series("95 % interval", "--series-3", "rule"),
        ),
    )


def draw_drift(runs: Sequence[IndexedRun]) -> Chart | None:
    """Draw the drift of the columns that drift most; None where no run was compared."""
    uses = _collect_uses(runs)
    if not uses:
        return None
    highest: dict[str, float] = {}
    for _, by_column in uses:
        for column, use in by_column.items():
            highest[column] = max(use, highest.get(column, 0.0))
    ranked = sorted(highest, key=lambda column: -highest[column])
    styles = zip(ranked, _COLUMN_STYLES, strict=False)
    series = tuple(Series(column, *style) for column, style in styles)
    return Chart(
        _create_drift_spec([by_column for _, by_column in uses], series),
        "Drift",
        f"Use of limit and noise by the {len(series)} columns that drifted most; the highest was "
        f"{format_share(highest[ranked[0]])}, by {ranked[0]}. Above 100 % the data is refused.",
        ("Span or run", *(column.name for column in series)),
        tuple(
            (name, *(format_share(by_column.get(column.name)) for column in series))
            for name, by_column in uses
        ),
        (*series, Series("limit", "--bad", "line")),
    )


def _leave_out_repeats(runs: Sequence[IndexedRun], node_id: str) -> Sequence[IndexedRun]:
    """Leave out runs in which a node was cached: they show an earlier run's result again.

    Where nothing else is left, as after the earlier runs were removed, they stay.
    """
    return [
        run
        for run in runs
        if not any(row.id == node_id and row.cached for row in run.summary.nodes)
    ] or runs


def _summarize(values: Sequence[float]) -> str:
    newest, lowest, highest = map(format_metric, (values[-1], min(values), max(values)))
    if len(values) == 1:
        return f"{newest} in the only run."
    if lowest == highest:
        return f"{newest} in each of {len(values)} runs."
    return f"{newest} in the newest of {len(values)} runs; between {lowest} and {highest}."


def _collect_uses(runs: Sequence[IndexedRun]) -> list[tuple[str, dict[str, float]]]:
    """Give the highest use of a drift limit by column, of each run that was compared."""
    uses = []
    for run in _leave_out_repeats(runs, NodeId.DATA_GATE):
        by_column: dict[str, float] = {}
        for score in run.summary.data.scores if run.summary.data else ():
            if score.basis == "drift":
                use = round(measure_use(score), 4)
                by_column[score.feature] = max(use, by_column.get(score.feature, 0.0))
        if by_column:
            uses.append((run.span or run.summary.run_id, by_column))
    return uses[-_MAX_RUNS:]


def _create_metric_spec(measured: Sequence[tuple[RunSummary, MetricComparison]]) -> Spec:
    values = [
        {
            "index": index,
            "y": found.value,
            "lower": found.value if found.lower is None else found.lower,
            "upper": found.value if found.upper is None else found.upper,
            "fill": f"var({'--series-1' if run.verdict is Verdict.PUSHED else '--card'})",
        }
        for index, (run, found) in enumerate(measured, start=1)
    ]
    x = _encode_index(len(values), "run, oldest first")
    y = encode_number("y", None, {"zero": False}, tickCount=5)
    rule = {"type": "rule", "color": "var(--series-3)", "strokeWidth": 1.5}
    line = {"type": "line", "color": "var(--series-1)", "strokeWidth": 1.5}
    point = {"type": "point", "filled": True, "size": 50, "opacity": 1}
    outline = {"stroke": "var(--series-1)", "strokeWidth": 1.75}
    fill = {"field": "fill", "type": "nominal", "scale": None}
    return {
        **_SIZE,
        "data": {"values": values},
        "encoding": {"x": x},
        "layer": [
            {"mark": rule, "encoding": {"y": {**y, "field": "lower"}, "y2": {"field": "upper"}}},
            {"mark": line, "encoding": {"y": y}},
            {"mark": {**point, **outline}, "encoding": {"y": y, "fill": fill}},
        ],
    }


def _create_drift_spec(uses: Sequence[dict[str, float]], columns: Sequence[Series]) -> Spec:
    x = _encode_index(len(uses), "compared run, oldest first")
    y = encode_number("y", None, {"domainMin": 0}, format="~%", tickCount=5)
    limit = {"type": "rule", "color": "var(--bad)", "strokeWidth": 1.5}
    layers = [create_layer([{"y": 1}], limit, y=y)]
    for column in columns:
        values = [
            {"index": index, "y": by_column[column.name]}
            for index, by_column in enumerate(uses, start=1)
            if column.name in by_column
        ]
        layers.append(create_layer(values, create_line(column, point_size=24), x=x, y=y))
    return {**_SIZE, "layer": layers}


def _encode_index(count: int, title: str) -> Spec:
    step = -(-count // _MAX_TICKS)
    ticks = {"values": list(range(1, count + 1, step)), "domain": True, "ticks": True}
    scale = {"domain": [0.5, count + 0.5], "nice": False}
    return encode_number("index", title, scale, grid=False, format="d", **ticks)
