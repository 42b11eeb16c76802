"""Runs as compiling and TFX's launcher leave them, in real files and stores, no node being run."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import ml_metadata
from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipelines.config.layout import OutputLayout
from pipelines.config.store_address import StoreAddress
from pipelines.metadata.open_store import open_store
from pipelines.records.description import NodeDescription, PipelineDescription
from pipelines.records.nodes import Stage

PIPELINE = "trips"
NOON = datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.timezone.utc)

COMPLETE = mlmd.Execution.COMPLETE
CACHED = mlmd.Execution.CACHED
FAILED = mlmd.Execution.FAILED
RUNNING = mlmd.Execution.RUNNING


def compile_run(
    layout: OutputLayout,
    run_id: str,
    minutes: int = 0,
    not_asked_for: tuple[str, ...] = (),
    node_ids: tuple[str, ...] = ("Reader", "Counter"),
    pipeline: str = PIPELINE,
) -> PipelineDescription:
    """Leave what compiling a pipeline leaves.

    Args:
        layout: Where runs are kept.
        run_id: The run.
        minutes: When it was compiled, counted from ``NOON``.
        not_asked_for: Nodes that the run leaves out.
        node_ids: The pipeline's nodes.
        pipeline: Its name.

    Returns:
        The pipeline's description.
    """
    nodes = [
        NodeDescription(id=name, type=name, stage=Stage.DATA, upstream=(), parameters={})
        for name in node_ids
    ]
    description = PipelineDescription(
        name=pipeline,
        content_hash="0",
        compiled_at=NOON + datetime.timedelta(minutes=minutes),
        output_root=str(layout.root),
        nodes=tuple(nodes),
        not_asked_for=not_asked_for,
    )
    path = layout.run(run_id).description_path
    path.parent.mkdir(parents=True)
    path.write_text(description.model_dump_json())
    return description


class TinyStore:
    """A store that executions of one pipeline's nodes are put in."""

    def __init__(self, store: ml_metadata.MetadataStore, pipeline: str) -> None:
        """Record in an open store.

        Args:
            store: The store.
            pipeline: Name of the pipeline.
        """
        self.store = store
        self.pipeline = pipeline

    @classmethod
    def open(cls, address: StoreAddress, pipeline: str) -> TinyStore:
        """Open the store at an address, as commands do."""
        return cls(open_store(address), pipeline)

    def record(
        self,
        run_id: str,
        node_id: str,
        *,
        state: mlmd.Execution.State = COMPLETE,
        is_copied: bool = False,
        inputs: Mapping[str, int] | None = None,
        outputs: Mapping[str, mlmd.Artifact] | None = None,
    ) -> mlmd.Execution:
        """Record one execution of a node.

        Args:
            run_id: The run.
            node_id: The node.
            state: How it ended.
            is_copied: Whether it stands for a node that a partial run leaves out: TFX gives those
                no parameters.
            inputs: Ids of the artifacts that it read, by key.
            outputs: The artifacts that it put out, by key; those with an id are there already.

        Returns:
            The execution as the store has it.
        """
        keys: dict[int, list[str]] = {}
        for key, number in (inputs or {}).items():
            keys.setdefault(number, []).append(key)
        given = self.store.get_artifacts_by_id(list(keys))
        pairs = [
            # What is given under two names has one event, which tells both.
            *((one, _event(mlmd.Event.INPUT, *keys[one.id])) for one in given),
            *((made, _event(mlmd.Event.OUTPUT, key)) for key, made in (outputs or {}).items()),
        ]
        kind = self.store.put_execution_type(mlmd.ExecutionType(name=node_id))
        execution = mlmd.Execution(type_id=kind, last_known_state=state)
        if not is_copied:
            execution.custom_properties["task"].string_value = self.pipeline
        number, _, _ = self.store.put_execution(
            execution,
            pairs,
            self._contexts(run_id, node_id),
            reuse_context_if_already_exist=True,
        )
        [execution] = self.store.get_executions_by_id([number])
        return execution

    def create_artifact(
        self, kind: str, path: Path, splits: Sequence[str] = (), **properties: int | str
    ) -> mlmd.Artifact:
        """Create an artifact to put out, with custom properties."""
        type_id = self.store.put_artifact_type(
            mlmd.ArtifactType(name=kind, properties={"split_names": mlmd.STRING}),
            can_add_fields=True,
        )
        artifact = mlmd.Artifact(type_id=type_id, uri=str(path), state=mlmd.Artifact.LIVE)
        if splits:
            artifact.properties["split_names"].string_value = json.dumps(list(splits))
        for name, value in properties.items():
            if isinstance(value, int):
                artifact.custom_properties[name].int_value = value
            else:
                artifact.custom_properties[name].string_value = value
        return artifact

    def find_outputs(self, execution: mlmd.Execution) -> dict[str, int]:
        """Give the ids of what an execution put out, by key."""
        return {
            event.path.steps[0].key: event.artifact_id
            for event in self.store.get_events_by_execution_ids([execution.id])
            if event.type == mlmd.Event.OUTPUT
        }

    def _contexts(self, run_id: str, node_id: str) -> list[mlmd.Context]:
        names = {
            "pipeline": self.pipeline,
            "pipeline_run": run_id,
            "node": f"{self.pipeline}.{node_id}",
        }
        return [
            mlmd.Context(
                type_id=self.store.put_context_type(mlmd.ContextType(name=kind)), name=name
            )
            for kind, name in names.items()
        ]


def _event(kind: mlmd.Event.Type, *keys: str) -> mlmd.Event:
    event = mlmd.Event(type=kind)
    for key in keys:
        event.path.steps.add().key = key
        event.path.steps.add().index = 0
    return event
