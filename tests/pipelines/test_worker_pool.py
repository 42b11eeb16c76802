"""Worker processes: an answer comes back, and a death is told as what it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.node_request import NodeRequest
from pipelines.node_result import NodeState
from pipelines.worker_pool import WorkerPool

pytestmark = pytest.mark.slow


@pytest.fixture
def pool(tmp_path: Path) -> WorkerPool:
    """A pool with its server's log in the test's folder."""
    return WorkerPool(tmp_path / "workers.log")


def test_an_error_outside_the_node_is_a_failed_node(pool: WorkerPool, tmp_path: Path) -> None:
    """A compiled pipeline that can't be read fails the node in one line, and the log has more."""
    request = NodeRequest(tmp_path / "missing.json", "Trainer", "run", tmp_path / "Trainer.log")

    result = pool.run_node(request)

    assert result.state is NodeState.FAILED
    assert "missing.json" in result.problems[0].message
    assert result.log == str(tmp_path / "Trainer.log")


def test_a_stopped_pool_starts_nothing(pool: WorkerPool, tmp_path: Path) -> None:
    """After ``stop`` a node fails at once."""
    pool.stop()

    request = NodeRequest(tmp_path / "missing.json", "Trainer", "run", tmp_path / "Trainer.log")
    result = pool.run_node(request)

    assert result.state is NodeState.FAILED
    assert "SIGTERM" in result.problems[0].message
