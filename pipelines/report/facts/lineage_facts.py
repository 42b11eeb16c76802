"""Trace what a run made back to its rows."""

from __future__ import annotations

from components.examples.input_file import InputFile
from components.pusher.pushed_model import PUSHED_MODEL_TYPE, read_pushed_version
from pipelines.metadata.run_store import StoredArtifact
from pipelines.report.model.lineage import Lineage, LineageArtifact
from pipelines.runs.recorded_run import RecordedRun

_START_TYPES = (
    PUSHED_MODEL_TYPE,
    "ModelBlessing",
    "Model",
    "TransformGraph",
    "DataVerdict",
    "Examples",
)
"""Types to start from, the furthest on in the pipeline first."""


def trace_lineage(
    run: RecordedRun, files: tuple[InputFile, ...], span: str | None
) -> Lineage | None:
    """Trace the last thing that a run made; None where it made nothing."""
    # A push that did not happen leaves an artifact too, which stands for nothing.
    candidates = [
        one
        for kind in _START_TYPES
        for one in reversed(run.outputs)
        if one.type == kind and (kind != PUSHED_MODEL_TYPE or read_pushed_version(one.artifact))
    ]
    if not candidates:
        return None
    found: dict[int, LineageArtifact] = {}
    _follow(run, candidates[0], found)
    # An artifact is found after all that it is made of.
    return Lineage(artifacts=tuple(reversed(found.values())), files=files, span=span)


def _follow(run: RecordedRun, stored: StoredArtifact, found: dict[int, LineageArtifact]) -> None:
    """Add an artifact after all that it is made of."""
    maker = run.producers.get(stored.id)
    given = [one for one in (maker.made_of if maker else ()) if one.id != stored.id]
    for one in given:
        if one.id not in found:
            _follow(run, one, found)
    pushed = read_pushed_version(stored.artifact)
    found[stored.id] = LineageArtifact(
        id=stored.id,
        type=stored.type,
        uri=stored.artifact.uri,
        is_freed=stored.is_freed,
        node=maker and maker.node_id,
        run_id=maker and maker.run_id,
        execution_id=maker and maker.id,
        made_of=tuple(sorted({one.id for one in given})),
        version=pushed and pushed.version,
    )
