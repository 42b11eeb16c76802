"""Place a pipeline's nodes in one column, stage after stage, and draw what each waits for.

A node that waits for the one just above it gets a straight arrow; every other edge is an arc on the
right, where no node stands. The column is narrow enough for a phone. Places are in user units of
the SVG.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pipelines.records.description import NodeDescription
from pipelines.records.nodes import Stage

NODE_WIDTH = 224
NODE_HEIGHT = 44
_NODE_GAP = 16
_STAGE_HEIGHT = 24
_MARGIN = 6
_ARC_WIDTH = 20
_ARC_WIDTH_PER_PLACE = 8


class PlacedStage(NamedTuple):
    """A stage's heading: its left edge and its base line."""

    stage: Stage
    x: float
    y: float


class PlacedNode(NamedTuple):
    """A node: its left and its upper edge."""

    id: str
    x: float
    y: float


class PlacedEdge(NamedTuple):
    """An edge from a node to one that waits for it; ``path`` is the ``d`` of an SVG path."""

    source: str
    target: str
    path: str


class PlacedGraph(NamedTuple):
    """A graph that can be drawn, from top to bottom, without edges that others imply."""

    width: float
    height: float
    stages: tuple[PlacedStage, ...]
    nodes: tuple[PlacedNode, ...]
    edges: tuple[PlacedEdge, ...]


def place_graph(nodes: Sequence[NodeDescription]) -> PlacedGraph:
    """Place a graph of nodes, each given after those that it waits for.

    Raises:
        KeyError: If a node waits for one that is not given before it.
    """
    direct = reduce_edges({node.id: node.upstream for node in nodes})
    stages: list[PlacedStage] = []
    placed: list[PlacedNode] = []
    y = float(_MARGIN)
    for stage in Stage:
        members = [node for node in nodes if node.stage is stage]
        if members:
            stages.append(PlacedStage(stage, _MARGIN, y + _STAGE_HEIGHT / 2))
            y += _STAGE_HEIGHT
        for node in members:
            placed.append(PlacedNode(node.id, _MARGIN, y))
            y += NODE_HEIGHT + _NODE_GAP
    places = {node.id: place for place, node in enumerate(placed)}
    edges, widest = [], 0.0
    for target, sources in direct.items():
        for source in sources:
            above, below = places[source], places[target]
            bulge = _measure_bulge(below - above)
            widest = max(widest, bulge)
            edges.append(
                PlacedEdge(source, target, _draw_edge(placed[above], placed[below], bulge))
            )
    return PlacedGraph(
        width=NODE_WIDTH + widest + 2 * _MARGIN,
        height=y - _NODE_GAP + _MARGIN if placed else y,
        stages=tuple(stages),
        nodes=tuple(placed),
        edges=tuple(edges),
    )


def reduce_edges(upstream: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Leave out the edges that others imply: where a longer way leads to the same node.

    Args:
        upstream: Nodes and what each waits for, each given after those.
    """
    before: dict[str, set[str]] = {}
    for node, sources in upstream.items():
        before[node] = set(sources).union(*(before[source] for source in sources))
    return {
        node: tuple(
            source
            for source in sources
            if not any(source in before[other] for other in sources if other != source)
        )
        for node, sources in upstream.items()
    }


def _measure_bulge(distance: int) -> float:
    """Measure how far an edge goes to the right of the nodes, by the places that it spans."""
    return 0.0 if distance == 1 else _ARC_WIDTH + _ARC_WIDTH_PER_PLACE * abs(distance)


def _draw_edge(above: PlacedNode, below: PlacedNode, bulge: float) -> str:
    if not bulge:
        return f"M{above.x + NODE_WIDTH / 2:g},{above.y + NODE_HEIGHT:g}V{below.y:g}"
    right = above.x + NODE_WIDTH
    start, end = above.y + 0.7 * NODE_HEIGHT, below.y + 0.3 * NODE_HEIGHT
    # A cubic curve goes three quarters of the way to where its control points lie.
    control = right + bulge * 4 / 3
    return f"M{right:g},{start:g}C{control:.1f},{start:g} {control:.1f},{end:g} {right:g},{end:g}"
