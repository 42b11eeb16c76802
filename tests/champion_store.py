"""Metadata stores with pushed models in them, as TFX would leave them."""

from __future__ import annotations

from pathlib import Path

import ml_metadata
from ml_metadata.proto import metadata_store_pb2 as mlmd

from components.pusher.pushed_model import MODEL_ID_PROPERTY


def create_pipeline_context(store: ml_metadata.MetadataStore, pipeline: str) -> mlmd.Context:
    """Make the context of a pipeline."""
    kind = store.put_context_type(mlmd.ContextType(name="pipeline"))
    store.put_contexts([mlmd.Context(type_id=kind, name=pipeline)])
    return store.get_context_by_type_and_name("pipeline", pipeline)


def put_output(
    store: ml_metadata.MetadataStore, context: mlmd.Context, key: str, artifact: mlmd.Artifact
) -> int:
    """Record an artifact as the output of an execution of the pipeline; gives its id."""
    kind = store.put_execution_type(mlmd.ExecutionType(name=f"maker of {key}"))
    execution = mlmd.Execution(type_id=kind, last_known_state=mlmd.Execution.COMPLETE)
    event = mlmd.Event(type=mlmd.Event.OUTPUT)
    event.path.steps.add().key = key
    event.path.steps.add().index = 0
    artifact.state = mlmd.Artifact.LIVE
    _, [artifact_id], _ = store.put_execution(
        execution, [(artifact, event)], [context], reuse_context_if_already_exist=True
    )
    return artifact_id


def put_model(store: ml_metadata.MetadataStore, context: mlmd.Context, directory: Path) -> int:
    """Write a model that tells its folder's name, and record it; gives its id."""
    serving = directory / "Format-Serving"
    serving.mkdir(parents=True)
    (serving / "saved_model.pb").write_text(f"model of {directory.name}")
    kind = store.put_artifact_type(mlmd.ArtifactType(name="Model"))
    return put_output(store, context, "model", mlmd.Artifact(type_id=kind, uri=str(directory)))


def put_push(
    store: ml_metadata.MetadataStore, context: mlmd.Context, model_id: int, version: Path
) -> int:
    """Record that a model was pushed as a version; gives the record's id."""
    kind = store.put_artifact_type(mlmd.ArtifactType(name="PushedModel"))
    pushed = mlmd.Artifact(type_id=kind)
    pushed.custom_properties["pushed"].int_value = 1
    pushed.custom_properties["pushed_version"].string_value = version.name
    pushed.custom_properties["pushed_destination"].string_value = str(version)
    pushed.custom_properties[MODEL_ID_PROPERTY].int_value = model_id
    return put_output(store, context, "pushed_model", pushed)
