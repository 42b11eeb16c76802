"""Write results into the documentation: tables and a chart, between two markers."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks import subjects
from benchmarks.goals import (
    STOCK_AT_ITS_BEST,
    Cost,
    Goal,
    Spread,
    compare,
    list_goals,
    measure_memory,
    measure_spread,
    measure_step,
    measure_wall,
)
from benchmarks.results import NO_ROWS, Machine, Measurement, Results
from benchmarks.subjects import OURS, SCRIPT, STOCK, STOCK_IN_MEMORY

BEGIN = "<!-- measured: written by `python -m benchmarks report` -->"
END = "<!-- measured: end -->"
CHART = "images/benchmark-times.svg"
RESULTS = "benchmarks.json"
NOT_MEASURED = "not measured"

_GIB = 1 << 30
_RUNS = (OURS, SCRIPT, STOCK_IN_MEMORY, STOCK)
_STARTS = (
    *(subjects.HELP, subjects.CONFIG_ERROR, subjects.DAG_PARSE),
    *(subjects.IMPORT_COMPONENTS, subjects.IMPORT_STOCK),
    *(subjects.NODE_WARM, subjects.NODE_COLD),
)
_RERUNS = (
    *(OURS, subjects.OURS_RERUN, subjects.OURS_CACHED, subjects.OURS_CACHED_WARM),
    *(STOCK, subjects.STOCK_RERUN, subjects.STOCK_CACHED),
)
# What the script does of a node's work, by the names of its steps.
_NODES = {
    "CsvExampleGen": ("read", "split"),
    "StatisticsGen": ("statistics",),
    "Transform": ("transform",),
    "Trainer": ("train", "export"),
    "Evaluator": ("evaluate",),
}
# Ours and the script do not name them alike.
_METRICS = {
    "AUC": ("auc",),
    "log loss": ("log_loss",),
    "accuracy": ("binary_accuracy", "accuracy"),
}
# Okabe and Ito's colors, which most kinds of color blindness tell apart.
_COLORS = {OURS: "#0072b2", SCRIPT: "#009e73", STOCK_IN_MEMORY: "#e69f00", STOCK: "#d55e00"}


def write_page(results: Results, page: Path) -> list[Path]:
    """Write the tables between a page's markers, and the chart and the results beside the page.

    Returns:
        The files written.

    Raises:
        ValueError: If the page lacks a marker.
    """
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page}: expected the lines {BEGIN!r} and {END!r}")
    chart, data = page.parent / CHART, page.parent / RESULTS
    chart.parent.mkdir(exist_ok=True)
    chart.write_text(draw_times(results), encoding="utf-8")
    content = {
        "machines": [each.model_dump(mode="json") for each in results.machines],
        "measurements": [each.model_dump(mode="json") for each in results.measurements],
    }
    data.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    written = f"{before}{BEGIN}\n\n{format_tables(results)}\n{END}{after}"
    page.write_text(written, encoding="utf-8")
    return [page, chart, data]


def format_tables(results: Results) -> str:
    """Format every table, with its heading, as Markdown."""
    sections = [
        ("Goals", format_goals(list_goals(results))),
        ("Whole cold runs", format_runs(results)),
        ("Nodes", format_nodes(results)),
        ("Training", format_training(results)),
        ("Memory", format_memory(results)),
        ("Reruns", format_seconds(results, _RERUNS, _find_rerun_rows(results))),
        ("Starts", format_seconds(results, _STARTS, NO_ROWS)),
        ("Rows and models", format_models(results)),
        ("Machine", _format_machines(results)),
    ]
    return "\n".join(f"### {title}\n\n{body.rstrip()}\n" for title, body in sections)


def format_goals(goals: Iterable[Goal]) -> str:
    """Format the goals, each with what was measured."""
    rows = []
    for goal in goals:
        limit = f"≤ {goal.limit:g}{' s' if goal.unit == 's' else ''}"
        if goal.condition:
            limit += f", {goal.condition}"
        met = {None: NOT_MEASURED, True: "yes", False: "**no**"}[goal.is_met]
        rows.append((goal.what, limit, format_spread(goal.spread, goal.unit), met))
    return format_table(("what", "goal", "measured", "met"), rows)


def format_runs(results: Results) -> str:
    """Format the wall time of whole runs, by size, and the chart."""
    header = (
        "rows",
        *(f"{subject}, s" for subject in _RUNS),
        *(f"ours / {subject}" for subject in _RUNS[1:]),
    )
    rows = [
        (
            format_rows(size),
            *(_format_cost(results, subject, size) for subject in _RUNS),
            *(
                _format_values(compare(results, OURS, [subject], size), "×")
                for subject in _RUNS[1:]
            ),
        )
        for size in results.list_sizes()
    ]
    return f"![Wall time by rows, both axes logarithmic]({CHART})\n\n{format_table(header, rows)}"


def format_nodes(results: Results) -> str:
    """Format what each node takes, and the script for the same work, by size."""
    rows = []
    for size, (node, steps) in itertools.product(results.list_sizes(), _NODES.items()):
        cost = measure_step(node)
        ratios = compare(results, OURS, STOCK_AT_ITS_BEST, size, cost)
        costs = {**dict.fromkeys(_RUNS, cost), SCRIPT: measure_step(*steps)}
        cells = [_format_cost(results, subject, size, costs[subject]) for subject in _RUNS]
        rows.append((format_rows(size), node, *cells, _format_values(ratios, "×")))
    header = ("rows", "node", *(f"{subject}, s" for subject in _RUNS), "ours / faster stock")
    return format_table(header, rows)


def format_training(results: Results) -> str:
    """Format how many training rows each subject sees, and how fast."""
    measured = (OURS, SCRIPT, STOCK, subjects.STOCK_SAME_EXAMPLES)
    by_node, by_script = measure_step("Trainer"), measure_step("train", "export")
    rows = []
    for size, subject in itertools.product(results.list_sizes(), measured):
        found = results.list_found(subject, size)
        seen = [each.rows_seen or None for each in found]
        took = [by_script(each) if subject == SCRIPT else by_node(each) for each in found]
        pace = [many / each for many, each in zip(seen, took, strict=True) if many and each]
        if found:
            cells = (_format_values(seen), _format_values(took), _format_values(pace))
            rows.append((format_rows(size), subject, *cells))
    return format_table(("rows", "subject", "examples seen", "Trainer, s", "examples/s"), rows)


def format_memory(results: Results) -> str:
    """Format peak memory by size: the largest process, and all processes together."""
    header = ("largest process / all, GiB", *_RUNS)
    rows = []
    for size in results.list_sizes():
        cells = []
        for subject in _RUNS:
            found = results.list_found(subject, size)
            largest = measure_spread(each.peak_process_bytes / _GIB for each in found)
            total = measure_spread(measure_memory(each) / _GIB for each in found)
            cells.append(
                f"{largest.median:.2f} / {total.median:.2f}" if largest and total else NOT_MEASURED
            )
        rows.append((format_rows(size), *cells))
    return format_table(header, rows)


def format_seconds(results: Results, names: Sequence[str], size: int) -> str:
    """Format the wall time of some subjects at one size, one per line."""
    rows = [(name, _format_cost(results, name, size)) for name in names]
    where = f" at {format_rows(size)} rows" if size else ""
    return format_table((f"what{where}", "s"), rows)


def format_models(results: Results) -> str:
    """Format how many rows came out, and the models' metrics, by size and subject."""
    rows = []
    for size, subject in itertools.product(results.list_sizes(), _RUNS):
        found = results.list_found(subject, size)
        if not found:
            continue
        counted = {each.row_counts.get("csv") for each in found}
        metrics = (
            measure_spread(_find_metric(each, names) for each in found)
            for names in _METRICS.values()
        )
        cells = (
            ", ".join(f"{count:,}" for count in sorted(filter(None, counted))),
            ", ".join(sorted({each.outcome for each in found if each.outcome})),
            *(f"{metric.median:.4f}" if metric else "" for metric in metrics),
        )
        rows.append((format_rows(size), subject, *cells))
    return format_table(("rows", "subject", "rows counted", "outcome", *_METRICS), rows)


def _find_metric(measurement: Measurement, names: Sequence[str]) -> float | None:
    return next((measurement.metrics[name] for name in names if name in measurement.metrics), None)


def _find_rerun_rows(results: Results) -> int:
    sizes = (size for size in results.list_sizes() if results.find(subjects.OURS_CACHED, size))
    return next(sizes, NO_ROWS)


def _format_cost(results: Results, subject: str, size: int, cost: Cost = measure_wall) -> str:
    return _format_values(map(cost, results.list_found(subject, size)))


def _format_values(values: Iterable[float | None], unit: str = "") -> str:
    return format_spread(measure_spread(values), unit)


def format_spread(spread: Spread | None, unit: str) -> str:
    """Format a median, and the range of several values: ``0.31 × (0.29–0.33)``."""
    if spread is None:
        return NOT_MEASURED
    median = f"{format_number(spread.median)} {unit}".rstrip()
    if spread.count == 1:
        return median
    return f"{median} ({format_number(spread.low)}–{format_number(spread.high)})"


def format_number(value: float) -> str:
    """Format a number with about three digits: ``0.0123``, ``1.23``, ``12.3``, ``1,234``."""
    if value >= 100 or value == 0:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def format_rows(rows: int) -> str:
    """Format a number of rows: ``15 k``, ``1.5 M``."""
    if rows >= 1_000_000:
        return f"{rows / 1_000_000:g} M"
    return f"{rows / 1000:g} k"


def format_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Format a Markdown table; the first column is text, the others are aligned to the right."""
    lines = [header, ["---", *("---:" for _ in header[1:])], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _format_machines(results: Results) -> str:
    load = _format_values(each.load_before for each in results.measurements)
    described = "\n".join(map(_format_machine, results.machines))
    return f"{described}\nLoad average just before a measurement: {load}."


def _format_machine(machine: Machine) -> str:
    packages = "\n".join(
        f"- {name}: {', '.join(f'{package} {version}' for package, version in versions.items())}"
        for name, versions in machine.packages.items()
    )
    return (
        f"{machine.cores} cores of {machine.processor}, {machine.memory_gib:g} GiB, "
        f"{machine.kernel}, {machine.file_system} with {machine.disk_free_gib:g} GiB free; "
        f"code `{machine.code}`.\n\n{packages}\n"
    )


def draw_times(results: Results) -> str:
    """Draw wall time by rows as SVG: one point per measurement, lines through the medians."""
    # Loads a JavaScript engine: only where something is drawn.
    import vl_convert

    measured = [
        {"subject": subject, "rows": size, "seconds": round(each.seconds, 2)}
        for subject in _RUNS
        for size in results.list_sizes()
        for each in results.list_found(subject, size)
    ]
    return vl_convert.vegalite_to_svg(create_chart(measured), allowed_base_urls=[])


def create_chart(measured: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Create the chart's Vega-Lite specification.

    Args:
        measured: Points with ``subject``, ``rows`` and ``seconds``.
    """
    shown = [subject for subject in _RUNS if any(each["subject"] == subject for each in measured)]
    sizes = sorted({each["rows"] for each in measured})
    color = {
        "field": "subject",
        "scale": {"domain": shown, "range": [_COLORS[subject] for subject in shown]},
        "sort": shown,
        "title": None,
        "legend": {"orient": "top", "symbolType": "stroke", "symbolStrokeWidth": 3},
    }

    def create_axis(field: str, title: str, **more: Any) -> dict[str, Any]:
        axis = {"title": title, "format": "~s", **more}
        return {"field": field, "type": "quantitative", "scale": {"type": "log"}, "axis": axis}

    seconds = create_axis("seconds", "wall time, s")
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "background": "white",
        "width": 560,
        "height": 320,
        "config": {"font": "Arial, Liberation Sans, Helvetica, sans-serif"},
        "data": {"values": list(measured)},
        "encoding": {"x": create_axis("rows", "rows", values=sizes), "color": color},
        "layer": [
            {
                "mark": {"type": "line", "strokeWidth": 2},
                "encoding": {"y": {**seconds, "aggregate": "median"}},
            },
            {"mark": {"type": "point", "filled": True, "opacity": 0.8}, "encoding": {"y": seconds}},
        ],
    }
