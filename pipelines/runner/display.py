"""Shows the progress of a run; the command line has a live table and plain lines."""

from __future__ import annotations

import contextlib

from pipelines.records.description import PipelineDescription
from pipelines.records.node_result import NodeResult


class RunDisplay(contextlib.AbstractContextManager["RunDisplay"]):
    """Receives a run's events, and shows nothing itself. Entered when the run begins."""

    def __exit__(self, *_: object) -> None:
        pass

    def compiled(self, description: PipelineDescription) -> None:
        """The pipeline is compiled; its nodes are known."""

    def started(self, node_id: str) -> None:
        """A node has started."""

    def ended(self, result: NodeResult) -> None:
        """A node has ended, or was skipped."""

    def tick(self) -> None:
        """Some time has passed."""
