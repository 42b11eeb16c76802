"""Gather the facts about a run's nodes from its record and the logs."""

from __future__ import annotations

from operator import attrgetter
from pathlib import Path

from pipelines.metadata.run_store import StoredArtifact
from pipelines.records.run_summary import NodeSummary
from pipelines.report.model.node_report import ArtifactReport, NodeReport
from pipelines.runs.explanation import explain_node, flatten_parameter
from pipelines.runs.recorded_run import RecordedNode, RecordedRun

_TAIL_LINES = 40
_TAIL_BYTES = 64 * 1024


def collect_node(run: RecordedRun, node: RecordedNode, row: NodeSummary) -> NodeReport:
    """Gather the facts about one node; ``row`` is the node in the run's summary."""
    log_path = Path(row.log) if row.log else run.layout.run(run.run_id).log_path(node.id)
    log_tail, log_lines = read_tail(log_path)

    def report(stored: StoredArtifact) -> ArtifactReport:
        maker = run.producers.get(stored.id)
        return ArtifactReport(
            key=stored.key,
            id=stored.id,
            type=stored.type,
            uri=stored.artifact.uri,
            splits=tuple(stored.split_names),
            is_freed=stored.is_freed,
            made_by_node=maker and maker.node_id,
            made_by_run=maker and maker.run_id,
        )

    return NodeReport(
        description=node.description,
        row=row,
        explanation=explain_node(run, node, row.state),
        problems=node.result.problems,
        execution_id=node.execution and node.execution.id,
        inputs=tuple(map(report, sorted(node.inputs, key=attrgetter("key", "id")))),
        outputs=tuple(map(report, sorted(node.outputs, key=attrgetter("key", "id")))),
        parameters={
            name: value
            for key, text in node.description.parameters.items()
            for name, value in flatten_parameter(key, text).items()
        },
        log_tail=log_tail,
        log_lines=log_lines,
    )


def read_tail(path: Path) -> tuple[tuple[str, ...], int]:
    """Read a log's last lines, oldest first, and count all its lines; it may be missing."""
    if not path.is_file():
        return (), 0
    with path.open("rb") as log:
        lines = sum(block.count(b"\n") for block in iter(lambda: log.read(_TAIL_BYTES), b""))
        log.seek(max(log.tell() - _TAIL_BYTES, 0))
        tail = log.read().decode("utf-8", errors="replace").splitlines()
    return tuple(tail[-_TAIL_LINES:]), lines
