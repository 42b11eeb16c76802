"""How a run ended: the one model behind the screen, the pages and the JSON; plain Python."""

from __future__ import annotations

import datetime
import enum
from collections.abc import Sequence

from components.data_gate.findings import DataVerdict
from components.data_gate.published_anomalies import Anomaly
from components.metrics.evaluation import MetricComparison
from components.model_validator.gate_result import GateResult
from components.problem import Problem
from components.record import FORMAT_VERSION, Record
from pipelines.records.exit_code import ExitCode
from pipelines.records.node_result import NodeResult, NodeState


class Verdict(str, enum.Enum):
    """How a run ended."""

    PUSHED = "pushed"
    DATA_REFUSED = "data_refused"
    MODEL_REFUSED = "model_refused"
    FAILED = "failed"
    PARTIAL = "partial"
    """Only a part was asked for, with ``--from`` or ``--to``, and that part is done."""

    @property
    def exit_code(self) -> ExitCode:
        """The exit code of a run with this verdict."""
        return ExitCode.of(self)


class NodeSummary(Record):
    """How one node ended, as a run's summary shows it; with rows read and written, by split."""

    id: str
    state: NodeState
    started_at: datetime.datetime | None = None
    seconds: float
    cached: bool
    rows_in: dict[str, int]
    rows_out: dict[str, int]
    log: str | None

    @classmethod
    def of(cls, result: NodeResult) -> NodeSummary:
        """Build the public summary of a node from its stored result."""
        return cls(
            **result.model_dump(include=set(cls.model_fields)),
            rows_in=result.rows.read,
            rows_out=result.rows.written,
        )


class RunSummary(Record):
    """How a run ended, and where things are.

    Attributes:
        reason: Why, in one line.
        seconds: Wall time of the run; from its first node's start to its last one's end where the
            run itself left no summary, as under a scheduler.
        problems: Why data was refused or a node failed.
        anomalies: What ExampleValidator found.
        data: What DataGate found and decided; None where it did not get that far.
        metrics: Metrics on all rows.
        gates: Every gate on every slice that it judged.
        pushed_version: Version of the pushed model under ``serving/``.
        report: Path of the run's page, once there is one.
    """

    run_id: str
    pipeline: str
    verdict: Verdict
    reason: str
    interrupted: bool = False
    seconds: float
    nodes: tuple[NodeSummary, ...]
    problems: tuple[Problem, ...] = ()
    anomalies: tuple[Anomaly, ...] = ()
    data: DataVerdict | None = None
    metrics: tuple[MetricComparison, ...] = ()
    has_champion: bool = False
    gates: tuple[GateResult, ...] = ()
    pushed_version: int | None = None
    output_root: str
    report: str | None = None
    format_version: int = FORMAT_VERSION


def find_time_span(
    nodes: Sequence[NodeResult | NodeSummary],
) -> tuple[datetime.datetime, datetime.datetime] | None:
    """Find when the first node started and the last one ended, UTC; None where none started."""
    spans = [
        (node.started_at, node.started_at + datetime.timedelta(seconds=node.seconds))
        for node in nodes
        if node.started_at is not None
    ]
    if not spans:
        return None
    return min(start for start, _ in spans), max(end for _, end in spans)
