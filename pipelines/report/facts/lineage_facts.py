"""Follow what a run made back to its rows, through the events of the metadata store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ml_metadata.proto import metadata_store_pb2 as mlmd

from components.examples.input_file import InputFile
from components.pusher.pushed_model import PUSHED_MODEL_TYPE, read_pushed_version
from pipelines.metadata.run_store import RunStore, StoredArtifact
from pipelines.report.facts.node_facts import is_freed
from pipelines.report.model.lineage import Lineage, LineageArtifact

# What a node only compares with: the model is not made of it.
_COMPARED_WITH = ("baseline_model", "previous_statistics", "previous_verdict")
_ORDER = ("PushedModel", "ModelBlessing", "Model", "TransformGraph", "DataVerdict", "Examples")
"""Types to start from, the furthest on in the pipeline first."""


def trace_lineage(
    store: RunStore,
    outputs: Mapping[str, Sequence[StoredArtifact]],
    files: tuple[InputFile, ...],
    span: str | None,
) -> Lineage | None:
    """Trace the last thing that a run made.

    Returns:
        Its lineage; None where the run made nothing.
    """
    start = _choose_start(outputs)
    if start is None:
        return None
    found: dict[int, LineageArtifact] = {}
    _follow(store, start.artifact, found)
    # An artifact is found after all that it is made of.
    return Lineage(artifacts=tuple(reversed(found.values())), files=files, span=span)


def _choose_start(outputs: Mapping[str, Sequence[StoredArtifact]]) -> StoredArtifact | None:
    stored = [one for of_node in outputs.values() for one in of_node]
    for kind in _ORDER:
        of_kind = [one for one in stored if one.type == kind and _is_of_this_run(one)]
        if of_kind:
            return of_kind[-1]
    return None


def _is_of_this_run(stored: StoredArtifact) -> bool:
    """Say whether an artifact stands for a result: a push that did not happen does not."""
    return stored.type != PUSHED_MODEL_TYPE or read_pushed_version(stored.artifact) is not None


def _follow(store: RunStore, artifact: mlmd.Artifact, found: dict[int, LineageArtifact]) -> None:
    """Add an artifact after all that it is made of."""
    maker = store.find_producer(artifact.id)
    given = [
        one
        for one in (store.list_inputs(maker) if maker else [])
        if one.key not in _COMPARED_WITH and one.artifact.id != artifact.id
    ]
    for one in given:
        if one.artifact.id not in found:
            _follow(store, one.artifact, found)
    pushed = read_pushed_version(artifact)
    found[artifact.id] = LineageArtifact(
        id=artifact.id,
        type=artifact.type,
        uri=artifact.uri,
        is_freed=is_freed(artifact),
        node=store.find_node(maker) if maker else None,
        run_id=store.find_run(maker) if maker else None,
        execution_id=maker.id if maker else None,
        made_of=tuple(sorted({one.artifact.id for one in given})),
        version=pushed.version if pushed else None,
    )
