"""Gather what is told of a run's nodes from the metadata store and the logs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipelines.config.layout import OutputLayout
from pipelines.metadata.run_store import RunStore, StoredArtifact
from pipelines.records.description import NodeDescription
from pipelines.records.run_summary import NodeSummary
from pipelines.report.model.node_report import ArtifactReport, NodeReport
from pipelines.runs.explanation import explain_node, flatten_parameter

_TAIL_LINES = 40
_TAIL_BYTES = 64 * 1024


def collect_node(
    store: RunStore,
    layout: OutputLayout,
    run_id: str,
    description: NodeDescription,
    row: NodeSummary,
) -> NodeReport:
    """Gather what is told of one node.

    Args:
        description: The node as the run compiled it.
    """
    execution = store.find_execution(run_id, description.id)
    result = store.read_result(run_id, description.id)
    log_tail, log_lines = read_tail(
        Path(row.log) if row.log else layout.run(run_id).log_path(description.id)
    )
    return NodeReport(
        description=description,
        row=row,
        explanation=explain_node(store, description, run_id, row.state),
        problems=result.problems if result else (),
        execution_id=execution.id if execution else None,
        inputs=_list(store, store.list_inputs(execution)) if execution else (),
        outputs=_list(store, store.list_outputs(execution)) if execution else (),
        parameters={
            name: value
            for key, text in description.parameters.items()
            for name, value in flatten_parameter(key, text).items()
        },
        log_tail=log_tail,
        log_lines=log_lines,
    )


def is_freed(artifact: mlmd.Artifact) -> bool:
    """Say whether an artifact's files are gone."""
    return artifact.state == mlmd.Artifact.DELETED or not Path(artifact.uri).exists()


def read_tail(path: Path) -> tuple[tuple[str, ...], int]:
    """Read the end of a log.

    Args:
        path: The log; it may be missing.

    Returns:
        Its last lines, oldest first, and the number of all its lines.
    """
    if not path.is_file():
        return (), 0
    with path.open("rb") as log:
        lines = sum(block.count(b"\n") for block in iter(lambda: log.read(_TAIL_BYTES), b""))
        log.seek(max(log.tell() - _TAIL_BYTES, 0))
        tail = log.read().decode("utf-8", errors="replace").splitlines()
    return tuple(tail[-_TAIL_LINES:]), lines


def _list(store: RunStore, stored: Iterable[StoredArtifact]) -> tuple[ArtifactReport, ...]:
    found = sorted(stored, key=lambda one: (one.key, one.artifact.id))
    return tuple(_report(store, one) for one in found)


def _report(store: RunStore, stored: StoredArtifact) -> ArtifactReport:
    maker = store.find_producer(stored.artifact.id)
    return ArtifactReport(
        key=stored.key,
        id=stored.artifact.id,
        type=stored.type,
        uri=stored.artifact.uri,
        splits=tuple(stored.split_names),
        is_freed=is_freed(stored.artifact),
        made_by_node=store.find_node(maker) if maker else None,
        made_by_run=store.find_run(maker) if maker else None,
    )
