from __future__ import annotations

import itertools

from pipelines.report.pipeline_graph import NODE_HEIGHT, NODE_WIDTH, place_graph, reduce_edges
from tests.tiny_report import UPSTREAM


def test_edges_that_others_imply_are_left_out() -> None:
    """What is waited for anyway, by way of another node, needs no line of its own."""
    upstream = {"a": (), "b": ("a",), "c": ("a", "b"), "d": ("a", "b", "c")}
    assert reduce_edges(upstream) == {"a": (), "b": ("a",), "c": ("b",), "d": ("c",)}


def test_every_node_is_below_what_it_waits_for() -> None:
    """Reading downwards is reading in order."""
    graph = place_graph(UPSTREAM)
    tops = {node.id: node.y for node in graph.nodes}
    for node, sources in UPSTREAM.items():
        assert all(tops[source] + NODE_HEIGHT < tops[node] for source in sources)


def test_nodes_do_not_overlap_and_lie_within_the_drawing() -> None:
    """Each node has its own place."""
    graph = place_graph(UPSTREAM)
    for one, other in itertools.combinations(graph.nodes, 2):
        assert abs(one.x - other.x) >= NODE_WIDTH or abs(one.y - other.y) >= NODE_HEIGHT
    for node in graph.nodes:
        assert 0 <= node.x <= graph.width - NODE_WIDTH
        assert 0 <= node.y <= graph.height - NODE_HEIGHT


def test_long_edge_passes_the_nodes_between() -> None:
    """An edge over several layers runs beside the nodes of those layers."""
    upstream = {"a": (), "b": ("a",), "c": ("b",), "side": ("a",), "end": ("c", "side")}
    graph = place_graph(upstream)
    places = {node.id: node for node in graph.nodes}
    [edge] = [edge for edge in graph.edges if (edge.source, edge.target) == ("side", "end")]
    passage = float(edge.path.split("C")[1].split()[-1].split(",")[0])
    assert not places["c"].x <= passage <= places["c"].x + NODE_WIDTH


def test_pipeline_of_one_node_is_drawn() -> None:
    """A single node is a graph too."""
    graph = place_graph({"only": ()})
    assert [node.id for node in graph.nodes] == ["only"]
    assert graph.edges == ()
