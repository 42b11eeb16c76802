"""The order in which a local run starts nodes, and how it names runs."""

from __future__ import annotations

import datetime
from concurrent.futures import Future
from pathlib import Path

import pytest

from pipelines.config.layout import OutputLayout
from pipelines.records.description import NodeDescription
from pipelines.records.node_result import NodeResult, NodeState
from pipelines.records.nodes import Stage
from pipelines.runner.local_runner import NodeSchedule, create_run_id

NOON = datetime.datetime(2026, 1, 31, 12, 0, 0, tzinfo=datetime.timezone.utc)


def _node(node_id: str, *upstream: str) -> NodeDescription:
    return NodeDescription(
        id=node_id, type=node_id, stage=Stage.DATA, upstream=upstream, parameters={}
    )


def _finish(schedule: NodeSchedule, node_id: str, state: NodeState) -> None:
    future: Future[NodeResult] = Future()
    schedule.start(node_id, future)
    future.set_result(NodeResult(id=node_id, state=state))
    schedule.take_ended()


@pytest.fixture
def diamond() -> NodeSchedule:
    """One node, two that follow it, and one that follows both."""
    return NodeSchedule([_node("a"), _node("b", "a"), _node("c", "a"), _node("d", "b", "c")])


def test_starts_independent_nodes_side_by_side(diamond: NodeSchedule) -> None:
    """Nodes whose upstream is done are ready together; a node that waits for both is not."""
    assert diamond.list_ready() == ["a"]
    _finish(diamond, "a", NodeState.DONE)
    assert diamond.list_ready() == ["b", "c"]
    _finish(diamond, "b", NodeState.CACHED)
    assert diamond.list_ready() == ["c"]


@pytest.mark.parametrize(
    "state", [NodeState.FAILED, NodeState.DATA_REFUSED, NodeState.MODEL_REFUSED]
)
def test_starts_nothing_after_a_node_that_did_not_end_well(
    diamond: NodeSchedule, state: NodeState
) -> None:
    """What follows a failure or a refusal never starts; what does not follow it does."""
    _finish(diamond, "a", NodeState.DONE)
    _finish(diamond, "b", state)

    assert diamond.list_ready() == ["c"]
    _finish(diamond, "c", NodeState.DONE)
    assert diamond.list_ready() == []


def test_follows_a_node_that_was_skipped_by_request(diamond: NodeSchedule) -> None:
    """A node left out with ``--from`` has an earlier run's artifacts in place."""
    _finish(diamond, "a", NodeState.SKIPPED)

    assert diamond.list_ready() == ["b", "c"]


def test_names_runs_by_their_start(tmp_path: Path) -> None:
    """Run ids sort by time, and two runs in one second do not share one."""
    layout = OutputLayout(tmp_path)

    assert create_run_id(layout, NOON) == "20260131T120000Z"
    assert create_run_id(layout, NOON) == "20260131T120000Z-2"


@pytest.mark.parametrize("run_id", ["../x", "a/b", "", ".", "x" * 101])
def test_keeps_run_ids_inside_the_output_root(tmp_path: Path, run_id: str) -> None:
    """A run id that could name another folder is refused."""
    with pytest.raises(ValueError, match="run id"):
        OutputLayout(tmp_path).run(run_id)
