from __future__ import annotations

import itertools
import re

import pytest

from pipelines.records.description import NodeDescription
from pipelines.records.nodes import NodeId, Stage
from pipelines.report.pages.pipeline_graph import (
    NODE_HEIGHT,
    NODE_WIDTH,
    PlacedGraph,
    place_graph,
    reduce_edges,
)
from tests.tiny_report import UPSTREAM


def describe(node: str, upstream: tuple[str, ...], stage: Stage = Stage.DATA) -> NodeDescription:
    """Describe a node by what it waits for."""
    return NodeDescription(id=node, type="", stage=stage, upstream=upstream, parameters={})


@pytest.fixture(scope="module")
def graph() -> PlacedGraph:
    """The pipeline's graph."""
    return place_graph([describe(node, UPSTREAM[node], NodeId(node).stage) for node in UPSTREAM])


def test_edges_that_others_imply_are_left_out() -> None:
    """What is waited for anyway, by way of another node, needs no line of its own."""
    upstream = {"a": (), "b": ("a",), "c": ("a", "b"), "d": ("a", "b", "c")}
    assert reduce_edges(upstream) == {"a": (), "b": ("a",), "c": ("b",), "d": ("c",)}


def test_every_node_is_below_what_it_waits_for(graph: PlacedGraph) -> None:
    """Reading downwards is reading in order."""
    tops = {node.id: node.y for node in graph.nodes}
    for node, sources in UPSTREAM.items():
        assert all(tops[source] + NODE_HEIGHT < tops[node] for source in sources)


def test_nodes_do_not_overlap_and_lie_within_the_drawing(graph: PlacedGraph) -> None:
    """Each node has its own place."""
    for one, other in itertools.combinations(graph.nodes, 2):
        assert abs(one.x - other.x) >= NODE_WIDTH or abs(one.y - other.y) >= NODE_HEIGHT
    for node in graph.nodes:
        assert 0 <= node.x <= graph.width - NODE_WIDTH
        assert 0 <= node.y <= graph.height - NODE_HEIGHT


def test_nodes_stand_by_stage_in_the_pipelines_order(graph: PlacedGraph) -> None:
    """Stages follow each other, each below its heading, and keep their nodes' order."""
    assert [heading.stage for heading in graph.stages] == list(Stage)
    assert [node.id for node in graph.nodes] == sorted(
        UPSTREAM, key=lambda node: list(Stage).index(NodeId(node).stage)
    )
    ends = [heading.y for heading in graph.stages[1:]] + [graph.height]
    for heading, end in zip(graph.stages, ends, strict=True):
        members = [node for node in graph.nodes if NodeId(node.id).stage is heading.stage]
        assert all(heading.y < node.y < node.y + NODE_HEIGHT < end for node in members)


def test_the_drawing_fits_a_phone(graph: PlacedGraph) -> None:
    """A phone of 390 pixels leaves 326 within the card: nothing is scaled."""
    assert graph.width <= 326


def test_edges_pass_beside_the_nodes_between(graph: PlacedGraph) -> None:
    """An edge to the next node is straight; others leave and come from the right, within reach."""
    places = {node.id: place for place, node in enumerate(graph.nodes)}
    for edge in graph.edges:
        numbers = [float(number) for number in re.findall(r"[\d.]+", edge.path)]
        source, target = (graph.nodes[places[end]] for end in (edge.source, edge.target))
        if places[edge.target] == places[edge.source] + 1:
            x, start, end = numbers
            assert (start, end) == (source.y + NODE_HEIGHT, target.y)
            assert source.x < x < source.x + NODE_WIDTH
            continue
        x, start, control, _, other_control, _, end_x, end = numbers
        assert x == end_x == source.x + NODE_WIDTH
        assert source.y < start < source.y + NODE_HEIGHT
        assert target.y < end < target.y + NODE_HEIGHT
        assert control == other_control > x
        assert x + 0.75 * (control - x) < graph.width


def test_pipeline_of_one_node_is_drawn() -> None:
    """A single node is a graph too."""
    graph = place_graph([describe("only", ())])
    assert [node.id for node in graph.nodes] == ["only"]
    assert graph.edges == ()


def test_no_nodes_are_an_empty_drawing() -> None:
    """A run of which nothing is known has a page all the same."""
    graph = place_graph([])
    assert not (graph.nodes)
    assert not (graph.edges)
    assert not (graph.stages)
