"""Draw when each node of a run worked."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from pipelines.records.node_result import NodeState
from pipelines.records.run_summary import NodeSummary
from pipelines.report.charts.chart import Chart, Series, create_chart
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
    """Draw a bar a node, from its start to its end, on the seconds of the run.

    Returns:
        The chart; None where no node started, or none says when.
    """
    started = [node for node in nodes if node.started_at and node.state is not NodeState.SKIPPED]
    if not started:
        return None
    begin = min(_find_start(node) for node in started)
    bars = [_create_bar(node, begin) for node in started]
    end = max(bar["end"] for bar in bars)
    longest = max(started, key=lambda node: node.seconds)
    return create_chart(
        _create_spec(bars, end),
        "Timeline",
        f"{len(started)} nodes in {format_seconds(end)}; {longest.id} took longest, "
        f"{format_seconds(longest.seconds)}.",
        ("Node", "State", "Started after", "Seconds"),
        tuple((bar["node"], bar["state"], f"{bar['start']:.1f} s", bar["text"]) for bar in bars),
        _list_legend(started),
    )


def _find_start(node: NodeSummary) -> datetime.datetime:
    assert node.started_at is not None
    return node.started_at


def _create_bar(node: NodeSummary, begin: datetime.datetime) -> Spec:
    start = (_find_start(node) - begin).total_seconds()
    mark = STATE_MARKS[node.state]
    return {
        "node": node.id,
        "state": mark.word,
        "start": round(start, 3),
        "end": round(start + node.seconds, 3),
        "text": format_seconds(node.seconds),
        "color": f"var({_COLORS[mark.tone]})",
    }


def _list_legend(nodes: Sequence[NodeSummary]) -> tuple[Series, ...]:
    marks = dict.fromkeys(STATE_MARKS[node.state] for node in nodes)
    return tuple(Series(mark.word, _COLORS[mark.tone], "bar") for mark in marks)


def _create_spec(bars: list[Spec], end: float) -> Spec:
    y = {
        "field": "node",
        "type": "ordinal",
        "sort": None,
        "title": None,
        "axis": {"domain": False, "ticks": False, "labelColor": "var(--ink)"},
    }
    # Room at the right for the seconds of the last bar.
    x_scale = {"domain": [0, end * 1.16], "nice": False}
    x_axis = {"tickCount": 6, "grid": True, "domain": False, "ticks": False}
    return {
        "width": _WIDTH,
        "height": {"step": _ROW_HEIGHT},
        "data": {"values": bars},
        "encoding": {"y": y},
        "layer": [
            {
                "mark": {"type": "bar", "height": 13, "cornerRadius": 2, "minBandSize": 2},
                "encoding": {
                    "x": {
                        "field": "start",
                        "type": "quantitative",
                        "scale": x_scale,
                        "axis": x_axis,
                        "title": "seconds since the run began",
                    },
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
