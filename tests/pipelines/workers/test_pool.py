"""Worker processes: an answer comes back, and a death is told as what it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.launcher.node_request import NodeRequest
from pipelines.records.node_result import NodeState
from pipelines.workers.client import open_private_server
from pipelines.workers.pool import WorkerPool

pytestmark = pytest.mark.slow


@pytest.fixture
def request_for_nothing(tmp_path: Path) -> NodeRequest:
    """A node of a pipeline that was never compiled."""
    return NodeRequest(
        ir_path=tmp_path / "missing.json",
        node_id="Trainer",
        run_id="run",
        log_path=tmp_path / "Trainer.log",
    )


def test_an_error_outside_the_node_is_a_failed_node(request_for_nothing: NodeRequest) -> None:
    """A compiled pipeline that can't be read fails the node in one line, and the log has more."""
    result = WorkerPool().run_node(request_for_nothing)

    assert result.state is NodeState.FAILED
    assert "missing.json" in result.problems[0].message
    assert result.log == str(request_for_nothing.log_path)


def test_a_stopped_pool_starts_nothing(request_for_nothing: NodeRequest) -> None:
    """After ``stop`` a node fails at once."""
    pool = WorkerPool()
    pool.stop()

    result = pool.run_node(request_for_nothing)

    assert result.state is NodeState.FAILED
    assert "SIGTERM" in result.problems[0].message


def test_a_private_server_ends_with_its_block(request_for_nothing: NodeRequest) -> None:
    """A server of one's own does the same work, and is gone afterwards."""
    with open_private_server() as client:
        result = WorkerPool(client).run_node(request_for_nothing)
        log_path = client.log_path

    assert "missing.json" in result.problems[0].message
    assert not log_path.parent.exists()
