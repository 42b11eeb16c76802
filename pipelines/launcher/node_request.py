"""Which node of which run to run; plain Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from components.frozen_model import FrozenModel
from components.problem import Problem
from pipelines.records.node_result import NodeResult, NodeState


class NodeRequest(FrozenModel):
    """One node of one run; its log is appended to a file."""

    kind: Literal["run_node"] = "run_node"
    ir_path: Path
    node_id: str
    run_id: str
    log_path: Path

    def fail(self, problem: Problem, **times: Any) -> NodeResult:
        """Create the result of a node that failed; ``times`` are fields of it."""
        return NodeResult(
            id=self.node_id,
            state=NodeState.FAILED,
            problems=(problem,),
            log=str(self.log_path),
            **times,
        )
