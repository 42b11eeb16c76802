"""Place a pipeline's nodes and edges on a plane, layer by layer, from top to bottom.

The layers are those of the longest path (K. Sugiyama, S. Tagawa and M. Toda, "Methods for Visual
Understanding of Hierarchical System Structures", 1981); in a layer, nodes stand in the order of the
mean place of what they depend on, so that few edges cross. An edge that spans layers keeps a place
free in each of them, so that it passes no node.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence

NODE_WIDTH = 192
NODE_HEIGHT = 44
_COLUMN_GAP = 16
_PASSAGE_WIDTH = 10
_ROW_GAP = 34
_MARGIN = 6
_ORDER_SWEEPS = 6
_PULL_SWEEPS = 40

Upstream = Mapping[str, Sequence[str]]
"""Ids of what each node waits for, by its id; nodes in an order in which they can run."""


@dataclasses.dataclass(frozen=True)
class PlacedNode:
    """A node and its place.

    Attributes:
        id: The node's id.
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
        height: Its height.
        nodes: The nodes, in the order given.
        edges: The edges, without those that others imply.
    """

    width: float
    height: float
    nodes: tuple[PlacedNode, ...]
    edges: tuple[PlacedEdge, ...]


@dataclasses.dataclass
class _Place:
    """A node, or the passage of an edge through a layer, and the neighbours above and below it."""

    key: tuple[str, ...]
    layer: int
    above: list[_Place] = dataclasses.field(default_factory=list)
    below: list[_Place] = dataclasses.field(default_factory=list)
    x: float = 0.0

    @property
    def neighbours(self) -> list[_Place]:
        """What it is pulled to; a passage only to other passages, which keeps an edge straight."""
        near = [*self.above, *self.below]
        passages = [place for place in near if not place.is_node]
        return near if self.is_node or not passages else passages

    @property
    def is_node(self) -> bool:
        return len(self.key) == 1

    @property
    def width(self) -> float:
        return NODE_WIDTH if self.is_node else _PASSAGE_WIDTH

    @property
    def middle(self) -> float:
        return self.x + self.width / 2

    @property
    def top(self) -> float:
        return _MARGIN + self.layer * (NODE_HEIGHT + _ROW_GAP)


def place_graph(upstream: Upstream) -> PlacedGraph:
    """Place a graph.

    Args:
        upstream: Its nodes and what each waits for; without cycles.

    Returns:
        The graph with places.

    Raises:
        KeyError: If a node waits for one that is not given before it.
    """
    direct = reduce_edges(upstream)
    layers = _find_layers(upstream, direct)
    places = {node: _Place((node,), layers[node]) for node in upstream}
    routes = [
        (source, target, _route(places, source, target))
        for target, sources in direct.items()
        for source in sources
    ]
    rows = _collect_rows(places, [route for *_, route in routes])
    _order_rows(rows)
    _set_columns(rows)
    width = max((place.x + place.width for row in rows for place in row), default=0.0) + _MARGIN
    height = 2 * _MARGIN + len(rows) * (NODE_HEIGHT + _ROW_GAP) - _ROW_GAP
    return PlacedGraph(
        width=round(width, 1),
        height=float(height),
        nodes=tuple(
            PlacedNode(node, round(place.x, 1), place.top) for node, place in places.items()
        ),
        edges=tuple(
            PlacedEdge(source, target, _draw_route(route)) for source, target, route in routes
        ),
    )


def reduce_edges(upstream: Upstream) -> dict[str, tuple[str, ...]]:
    """Leave out the edges that others imply: where a longer way leads to the same node.

    Args:
        upstream: Nodes and what each waits for, each after those.

    Returns:
        The same with the fewest edges.
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


def _find_layers(upstream: Upstream, direct: Upstream) -> dict[str, int]:
    """Find each node's layer; one that waits for nothing stands just above what waits for it."""
    layers: dict[str, int] = {}
    for node, sources in upstream.items():
        layers[node] = max((layers[source] + 1 for source in sources), default=0)
    for node, sources in upstream.items():
        waiting = [layers[other] for other, needed in direct.items() if node in needed]
        if not sources and waiting:
            layers[node] = min(waiting) - 1
    return layers


def _route(places: Mapping[str, _Place], source: str, target: str) -> list[_Place]:
    """Create the passages of an edge, and link them."""
    first, last = places[source], places[target]
    passages = [
        _Place((source, target, str(layer)), layer) for layer in range(first.layer + 1, last.layer)
    ]
    route = [first, *passages, last]
    for above, below in itertools.pairwise(route):
        above.below.append(below)
        below.above.append(above)
    return route


def _collect_rows(
    places: Mapping[str, _Place], routes: Sequence[Sequence[_Place]]
) -> list[list[_Place]]:
    rows: list[list[_Place]] = [
        [] for _ in range(max((place.layer for place in places.values()), default=-1) + 1)
    ]
    for place in places.values():
        rows[place.layer].append(place)
    for route in routes:
        for passage in route[1:-1]:
            rows[passage.layer].append(passage)
    return rows


def _order_rows(rows: list[list[_Place]]) -> None:
    """Sort each row by the mean rank of its neighbours, downwards and upwards in turn."""
    ranks = {place.key: rank for row in rows for rank, place in enumerate(row)}
    for sweep in range(_ORDER_SWEEPS):
        is_down = sweep % 2 == 0
        for row in rows if is_down else reversed(rows):
            _sort_row(row, ranks, is_down)
            ranks.update({place.key: rank for rank, place in enumerate(row)})


def _sort_row(row: list[_Place], ranks: Mapping[tuple[str, ...], int], is_down: bool) -> None:
    def find_mean_rank(place: _Place) -> float:
        near = place.above if is_down else place.below
        if not near:
            return ranks[place.key]
        return sum(ranks[other.key] for other in near) / len(near)

    row.sort(key=find_mean_rank)


def _set_columns(rows: list[list[_Place]]) -> None:
    """Centre each row, then pull its places towards their neighbours as far as there is room."""
    widest = max(map(_measure_row, rows), default=0.0)
    for row in rows:
        x = (widest - _measure_row(row)) / 2
        for place in row:
            place.x = x
            x += place.width + _COLUMN_GAP
    for sweep in range(_PULL_SWEEPS):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            _pull(row)
    left = min((place.x for row in rows for place in row), default=0.0)
    for row in rows:
        for place in row:
            place.x += _MARGIN - left


def _measure_row(row: Sequence[_Place]) -> float:
    return sum(place.width + _COLUMN_GAP for place in row) - _COLUMN_GAP


def _pull(row: Sequence[_Place]) -> None:
    """Move each place towards the mean of its neighbours, without touching the next."""
    for index, place in enumerate(row):
        near = place.neighbours
        if not near:
            continue
        wanted = sum(other.middle for other in near) / len(near) - place.width / 2
        if index > 0:
            wanted = max(wanted, row[index - 1].x + row[index - 1].width + _COLUMN_GAP)
        if index + 1 < len(row):
            wanted = min(wanted, row[index + 1].x - place.width - _COLUMN_GAP)
        place.x = wanted


def _draw_route(route: Sequence[_Place]) -> str:
    """Draw an edge: down from one node, straight through its passages, down into the other."""
    parts = [f"M{route[0].middle:.1f},{route[0].top + NODE_HEIGHT:.0f}"]
    for above, below in itertools.pairwise(route):
        start, end = above.top + NODE_HEIGHT, below.top
        bend = (start + end) / 2
        parts.append(
            f"C{above.middle:.1f},{bend:.0f} {below.middle:.1f},{bend:.0f} "
            f"{below.middle:.1f},{end:.0f}"
        )
        if not below.is_node:
            parts.append(f"V{below.top + NODE_HEIGHT:.0f}")
    return "".join(parts)
