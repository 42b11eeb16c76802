"""Which node of which run to run; plain Python."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from components.frozen_model import FrozenModel


class NodeRequest(FrozenModel):
    """One node of one run.

    Attributes:
        kind: Distinguishes it from other tasks of a worker server.
        log_path: File that its log is appended to.
    """

    kind: Literal["run_node"] = "run_node"
    ir_path: Path
    node_id: str
    run_id: str
    log_path: Path
