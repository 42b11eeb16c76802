"""Which node of which run to run; plain Python."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pydantic


class NodeRequest(pydantic.BaseModel):
    """One node of one run.

    Attributes:
        kind: Tells it from other tasks of a worker server.
        log_path: File that its log is added to.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")

    kind: Literal["run_node"] = "run_node"
    ir_path: Path
    node_id: str
    run_id: str
    log_path: Path
