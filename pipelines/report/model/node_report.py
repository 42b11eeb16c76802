"""The facts about one node of a run."""

from __future__ import annotations

from components.frozen_model import FrozenModel
from components.problem import Problem
from pipelines.records.description import NodeDescription
from pipelines.records.run_summary import NodeSummary
from pipelines.runs.explanation import NodeExplanation


class ArtifactReport(FrozenModel):
    """An input or output of a node.

    Attributes:
        key: Name of the node's input or output.
        is_freed: Whether its files are gone, by ``gc`` or otherwise.
        made_by_node: None where no node of the store made it.
        made_by_run: None likewise; an earlier run where it was cached.
    """

    key: str
    id: int
    type: str
    uri: str
    splits: tuple[str, ...]
    is_freed: bool
    made_by_node: str | None
    made_by_run: str | None


class NodeReport(FrozenModel):
    """One node of a run.

    Attributes:
        row: How it ended, as the run's summary has it.
        problems: Why it refused or failed; empty otherwise.
        execution_id: None where it never started.
        outputs: Its own outputs or, where cached, an earlier run's.
        parameters: As text, mappings key by key: ``settings.seed``.
        log_tail: Last lines of its log, oldest first.
        log_lines: Number of lines of the whole log.
    """

    description: NodeDescription
    row: NodeSummary
    explanation: NodeExplanation
    problems: tuple[Problem, ...]
    execution_id: int | None
    inputs: tuple[ArtifactReport, ...]
    outputs: tuple[ArtifactReport, ...]
    parameters: dict[str, str]
    log_tail: tuple[str, ...]
    log_lines: int

    @property
    def id(self) -> str:
        """The node's id."""
        return self.description.id
