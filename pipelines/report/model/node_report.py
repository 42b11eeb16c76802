"""What is told of one node of a run."""

from __future__ import annotations

from components.frozen_model import FrozenModel
from components.problem import Problem
from pipelines.records.description import NodeDescription
from pipelines.runs.explanation import NodeExplanation
from pipelines.runs.run_summary import NodeRow


class ArtifactReport(FrozenModel):
    """One artifact that a node was given or put out.

    Attributes:
        key: Name of the node's input or output.
        id: Its id in the metadata store.
        type: Name of its type, such as ``ExampleStatistics``.
        splits: Its splits; none where it has none.
        is_freed: Whether its files are gone, by ``gc`` or otherwise.
        made_by_node: Node that made it; None for one that nothing in the store made.
        made_by_run: Run that made it; None likewise. Another run than this where it was cached.
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
        description: Its place in the pipeline: id, type, stage, upstream, raw parameters.
        row: How it ended: state, start, seconds, cached or not, rows in and out, path of its log.
        explanation: Why it was cached, ran, or neither, and what had changed.
        problems: Why it refused or failed; empty otherwise.
        execution_id: Id of its execution in the metadata store; None where it never started.
        outputs: What it put out, its own or, where cached, an earlier run's.
        parameters: Its settings in text, those that are mappings key by key: ``settings.seed``.
        log_tail: Last lines of its log, oldest first; empty where it left none.
        log_lines: Lines of the whole log.
    """

    description: NodeDescription
    row: NodeRow
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
