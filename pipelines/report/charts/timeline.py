"""Draw when each node of a run worked."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.records.node_result import NodeState
from pipelines.records.run_summary import NodeSummary
from pipelines.report.charts.chart import Chart, Series, encode_number
from pipelines.report.charts.drawing import Spec
from pipelines.report.charts.marks import STATE_MARKS, Tone
from pipelines.report.charts.numerals import format_seconds

_COLORS: dict[Tone, str] = {
    "good": "--series-1",
    "calm": "--series-3",
    "warn": "--warn",
    "bad": "--bad",
}
_WIDTH = 330
_ROW_HEIGHT = 25


def draw_timeline(nodes: Sequence[NodeSummary]) -> Chart | None:
    """Draw one bar per node, in seconds since the run began; None where no start is known."""
    started = [
        (node, node.started_at)
        for node in nodes
        if node.started_at and node.state is not NodeState.SKIPPED
    ]
    if not started:
        return None
    begin = min(start for _, start in started)
    bars = [_create_bar(node, (start - begin).total_seconds()) for node, start in started]
    end = max(bar["end"] for bar in bars)
    longest = max((node for node, _ in started), key=lambda node: node.seconds)
    marks = dict.fromkeys(STATE_MARKS[node.state] for node, _ in started)
    return Chart(
        _create_spec(bars, end),
        "Timeline",
        f"{len(started)} node{'s' if len(started) > 1 else ''} in {format_seconds(end)}; "
        f"{longest.id} took the longest, {format_seconds(longest.seconds)}.",
        ("Node", "State", "Started after", "Seconds"),
        tuple((bar["node"], bar["state"], f"{bar['start']:.1f} s", bar["text"]) for bar in bars),
        tuple(Series(mark.word, _COLORS[mark.tone], "bar") for mark in marks),
    )


def _create_bar(node: NodeSummary, start: float) -> Spec:
    mark = STATE_MARKS[node.state]
    return {
        "node": node.id,
        "state": mark.word,
        "start": round(start, 3),
        "end": round(start + node.seconds, 3),
        "text": format_seconds(node.seconds),
        "color": f"var({_COLORS[mark.tone]})",
    }


def _create_spec(bars: list[Spec], end: float) -> Spec:
    axis = {"domain": False, "ticks": False, "labelColor": "var(--ink)"}
    # Room at the right for the seconds of the last bar.
    scale = {"domain": [0, end * 1.16], "nice": False}
    start = encode_number("start", "seconds since the run began", scale, tickCount=6, grid=True)
    return {
        "width": _WIDTH,
        "height": {"step": _ROW_HEIGHT},
        "data": {"values": bars},
        "encoding": {
            "y": {"field": "node", "type": "ordinal", "sort": None, "title": None, "axis": axis}
        },
        "layer": [
            {
                "mark": {"type": "bar", "height": 13, "cornerRadius": 2, "minBandSize": 2},
                "encoding": {
                    "x": start,
                    "x2": {"field": "end"},
                    "color": {"field": "color", "type": "nominal", "scale": None},
                },
            },
            {
                "mark": {"type": "text", "align": "left", "dx": 5, "color": "var(--ink-soft)"},
                "encoding": {
                    "x": {"field": "end", "type": "quantitative"},
                    "text": {"field": "text"},
                },
            },
        ],
    }
