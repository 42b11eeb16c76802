"""Place a pipeline's nodes in one column, stage after stage, and draw what each waits for.

A node that waits for the one just above it gets a straight arrow; every other edge is an arc on the
right, where no node stands. The column is narrow enough for a phone.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from pipelines.records.description import NodeDescription
from pipelines.records.nodes import Stage

NODE_WIDTH = 224
NODE_HEIGHT = 44
_NODE_GAP = 16
_STAGE_HEIGHT = 24
_MARGIN = 6
_ARC_WIDTH = 20
_ARC_WIDTH_PER_PLACE = 8


@dataclasses.dataclass(frozen=True)
class PlacedStage:
    """A stage's heading and its place.

    Attributes:
        x: Left edge, in user units of the SVG.
        y: Base line.
    """

    stage: Stage
    x: float
    y: float


@dataclasses.dataclass(frozen=True)
class PlacedNode:
    """A node and its place.

    Attributes:
        x: Left edge, in user units of the SVG.
        y: Upper edge.
    """

    id: str
    x: float
    y: float


@dataclasses.dataclass(frozen=True)
class PlacedEdge:
    """An edge and its line.

    Attributes:
        source: The node that is waited for.
        target: The node that waits.
        path: Its line, as the ``d`` of an SVG path.
    """

    source: str
    target: str
    path: str


@dataclasses.dataclass(frozen=True)
class PlacedGraph:
    """A graph that can be drawn.

    Attributes:
        width: Its width, in user units of the SVG.
        stages: The stages that have nodes, from top to bottom.
        nodes: The nodes, likewise.
        edges: The edges, without those that others imply.
    """

    width: float
    height: float
    stages: tuple[PlacedStage, ...]
    nodes: tuple[PlacedNode, ...]
    edges: tuple[PlacedEdge, ...]


def place_graph(nodes: Sequence[NodeDescription]) -> PlacedGraph:
    """Place a graph.

    Args:
        nodes: Its nodes, each after those that it waits for.

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
    spans = [
        (places[source], places[target]) for target, sources in direct.items() for source in sources
    ]
    bulge = max((_measure_bulge(*span) for span in spans), default=0.0)
    return PlacedGraph(
        width=NODE_WIDTH + bulge + 2 * _MARGIN,
        height=y - _NODE_GAP + _MARGIN if placed else y,
        stages=tuple(stages),
        nodes=tuple(placed),
        edges=tuple(
            PlacedEdge(placed[source].id, placed[target].id, _draw_edge(placed, source, target))
            for source, target in spans
        ),
    )


def reduce_edges(upstream: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Leave out the edges that others imply: where a longer way leads to the same node.

    Args:
        upstream: Nodes and what each waits for, each after those.
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


def _measure_bulge(source: int, target: int) -> float:
    """Give how far an edge between two places of the column goes to the right of the nodes."""
    return 0.0 if target == source + 1 else _ARC_WIDTH + _ARC_WIDTH_PER_PLACE * abs(target - source)


def _draw_edge(nodes: Sequence[PlacedNode], source: int, target: int) -> str:
    above, below = nodes[source], nodes[target]
    bulge = _measure_bulge(source, target)
    if not bulge:
        return f"M{above.x + NODE_WIDTH / 2:g},{above.y + NODE_HEIGHT:g}V{below.y:g}"
    right = above.x + NODE_WIDTH
    start, end = above.y + 0.7 * NODE_HEIGHT, below.y + 0.3 * NODE_HEIGHT
    # A cubic curve goes three quarters of the way to where its control points lie.
    control = right + bulge * 4 / 3
    return f"M{right:g},{start:g}C{control:.1f},{start:g} {control:.1f},{end:g} {right:g},{end:g}"
