"""All facts about a run: the one model that every page, screen and JSON is a view of."""

from __future__ import annotations

import datetime

from components.frozen_model import FrozenModel
from pipelines.records.run_summary import RunSummary
from pipelines.report.model.data_report import DataReport
from pipelines.report.model.lineage import Lineage
from pipelines.report.model.ml_test_score import MlTestScore
from pipelines.report.model.model_card import ModelCard
from pipelines.report.model.model_report import ModelReport
from pipelines.report.model.node_report import NodeReport
from pipelines.runs.explanation import RunExplanation


class RunHeader(FrozenModel):
    """When a run was, on which data and with which code.

    Attributes:
        started_at: When its first node started, UTC; None where none did.
        ended_at: When its last node ended, UTC; None likewise.
        span: First day of the span, ``YYYY-MM-DD``; None where the data was not read as a span, or
            the run did not get that far.
        rows: Rows of the CSV files; None where they were not counted.
        content_hash: SHA-256 of the compiled pipeline: the same where settings and code of every
            node are the same.
        code_hash: SHA-256 of all our sources; empty for a run compiled before it was recorded.
        config_hash: SHA-256 of the configuration; empty likewise.
    """

    started_at: datetime.datetime | None
    ended_at: datetime.datetime | None
    span: str | None
    rows: int | None
    content_hash: str
    code_hash: str
    config_hash: str


class RunReport(FrozenModel):
    """All facts about a run.

    Attributes:
        summary: As ``show --json`` prints it.
        nodes: Every node, in the pipeline's order.
        data: None where no statistics were made.
        model: None where none was trained; so is ``model_card``.
        lineage: None where nothing was made.
        notes: What could not be shown and why, one sentence each; empty in a complete report.
        test_score: Empty until the run is scored.
    """

    header: RunHeader
    summary: RunSummary
    nodes: tuple[NodeReport, ...]
    data: DataReport | None
    model: ModelReport | None
    lineage: Lineage | None
    model_card: ModelCard | None
    notes: tuple[str, ...]
    test_score: MlTestScore = MlTestScore(items=())

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self.summary.run_id

    @property
    def explanation(self) -> RunExplanation:
        """The run as ``explain`` prints it."""
        return RunExplanation.of(self.summary, tuple(node.explanation for node in self.nodes))

    def node(self, node_id: str) -> NodeReport:
        """Look a node up.

        Raises:
            KeyError: If the run has none of that id.
        """
        for node in self.nodes:
            if node.id == node_id:
                return node
        raise KeyError(f"run {self.run_id!r} has no node {node_id!r}")
