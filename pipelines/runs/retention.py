"""Free the pipeline files of old runs, but never what is blessed, pushed or still needed."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from ml_metadata.proto import metadata_store_pb2 as mlmd

from components.errors import OperationError
from components.frozen_model import FrozenModel
from pipelines.config.layout import OutputLayout
from pipelines.metadata.run_store import RunStore

_KEPT_TYPES = {"PushedModel", "ChampionChange"}


class Freed(FrozenModel):
    """An artifact whose files are freed, or would be."""

    artifact_id: int
    type: str
    path: str
    size_bytes: int


class RunningError(OperationError):
    """A node is running; freeing files now could take what it reads."""


def find_garbage(store: RunStore, layout: OutputLayout, kept_run_ids: Iterable[str]) -> list[Freed]:
    """Find the artifacts of old runs that nothing needs, in order of their ids.

    Kept are: all inputs and outputs of executions of ``kept_run_ids``, cached or not; blessed
    models with their evaluation and blessing; pushed models and what they were made of.

    Raises:
        RunningError: If a node is running.
    """
    if running := store.list_running():
        raise RunningError(
            f"execution {running[0].id} is marked running; wait for it, or run the pipeline again "
            "if its process has died"
        )
    needed = {
        stored.id
        for run_id in kept_run_ids
        for execution in store.list_executions(run_id)
        for stored in (*store.list_inputs(execution), *store.list_outputs(execution))
    }
    artifacts, root = store.list_artifacts(), layout.pipeline_root.resolve()
    needed |= _find_lineage(store, [found.id for found in artifacts if _is_kept(found)])
    return [
        Freed(
            artifact_id=artifact.id,
            type=artifact.type,
            path=artifact.uri,
            size_bytes=_measure(Path(artifact.uri)),
        )
        for artifact in artifacts
        if artifact.id not in needed
        and artifact.state == mlmd.Artifact.LIVE
        and Path(artifact.uri).resolve().is_relative_to(root)
    ]


def free(store: RunStore, garbage: Iterable[Freed]) -> None:
    """Mark artifacts as deleted, so that no cache reuses them, then delete their files."""
    for freed in garbage:
        [artifact] = store.store.get_artifacts_by_id([freed.artifact_id])
        artifact.state = mlmd.Artifact.DELETED
        store.store.put_artifacts([artifact])
        shutil.rmtree(freed.path, ignore_errors=True)


def _is_kept(artifact: mlmd.Artifact) -> bool:
    return artifact.type in _KEPT_TYPES or artifact.custom_properties["blessed"].int_value == 1


def _find_lineage(store: RunStore, artifact_ids: Iterable[int]) -> set[int]:
    """Find artifacts and all that they were made of, back to the rows."""
    found: set[int] = set()
    waiting = set(artifact_ids)
    while waiting:
        artifact_id = waiting.pop()
        found.add(artifact_id)
        if producer := store.find_producer(artifact_id):
            waiting |= {given.id for given in store.list_inputs(producer)} - found
    return found


def _measure(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())
