"""Which node of which run to run; plain Python."""

from __future__ import annotations

import dataclasses
from pathlib import Path


@dataclasses.dataclass(frozen=True)
class NodeRequest:
    """One node of one run.

    Attributes:
        ir_path: The compiled pipeline.
        node_id: The node.
        run_id: The run that it belongs to.
        log_path: File that its log goes to; None where it goes to the screen.
    """

    ir_path: Path
    node_id: str
    run_id: str
    log_path: Path | None

    @property
    def log_text(self) -> str | None:
        """The log's path as text."""
        return None if self.log_path is None else str(self.log_path)
