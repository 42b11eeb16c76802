"""A node run again in the same run: each attempt is an execution of its own, and the last counts.

TFX's launcher takes up the node's earlier execution in the run instead, and does nothing where that
one ended well. With two executions of a node in a run, TFX would hand the outputs of both on.
"""

from __future__ import annotations

from ml_metadata.proto import metadata_store_pb2 as mlmd
from tfx.dsl.compiler import constants
from tfx.orchestration import data_types_utils
from tfx.proto.orchestration import pipeline_pb2

from pipelines.metadata.run_store import RunStore, StoredArtifact, ended_well

ATTEMPT_CONTEXT = "node_attempt"
"""Type of the context that an execution shares with no other."""


def begin_attempt(node: pipeline_pb2.PipelineNode, runs: RunStore, run_id: str) -> None:
    """Change a node of a compiled pipeline so that it runs anew, on the last attempts' outputs.

    Args:
        node: The node, its runtime parameters substituted; it is changed in place.
    """
    for spec in node.inputs.inputs.values():
        _take_last_outputs(spec, runs, run_id)
    node_id = node.node_info.id
    number = len(runs.list_attempts(run_id, node_id)) + 1
    context = node.contexts.contexts.add()
    context.type.name = ATTEMPT_CONTEXT
    _set_name(context.name, f"{run_id}.{node_id}.{number}")


def _take_last_outputs(spec: pipeline_pb2.InputSpec, runs: RunStore, run_id: str) -> None:
    """Name the artifacts of an input, where TFX would find those of more than one attempt."""
    if not spec.channels or not all(_is_of_run(channel) for channel in spec.channels):
        return
    good = [_list_good_attempts(channel, runs, run_id) for channel in spec.channels]
    if all(len(attempts) < 2 for attempts in good):
        return
    last = [attempts[-1:] for attempts in good]
    ids = [
        artifact_id
        for channel, attempts in zip(spec.channels, last, strict=True)
        for attempt in attempts
        for artifact_id in _list_live(runs.list_handed_on(attempt), channel.output_key)
    ]
    if ids:
        # This takes the place of the channels: they are alternatives.
        spec.ClearField("channels")
        spec.static_inputs.artifact_ids.extend(dict.fromkeys(ids))
        return
    # No artifact can't be named, but looked for where there is none.
    del spec.channels[1:]
    query = spec.channels[0].context_queries.add()
    query.type.name = ATTEMPT_CONTEXT
    _set_name(query.name, f"{run_id}.none")


def _list_live(handed_on: list[StoredArtifact], key: str) -> list[int]:
    return [
        stored.artifact.id
        for stored in handed_on
        if stored.key == key and stored.artifact.state == mlmd.Artifact.LIVE
    ]


def _list_good_attempts(
    channel: pipeline_pb2.InputSpec.Channel, runs: RunStore, run_id: str
) -> list[mlmd.Execution]:
    attempts = runs.list_attempts(run_id, channel.producer_node_query.id)
    return [attempt for attempt in attempts if ended_well(attempt)]


def _is_of_run(channel: pipeline_pb2.InputSpec.Channel) -> bool:
    """Tell whether a channel is another node's output in the same run."""
    types = {query.type.name for query in channel.context_queries}
    return constants.PIPELINE_RUN_CONTEXT_TYPE_NAME in types


def _set_name(value: pipeline_pb2.Value, name: str) -> None:
    data_types_utils.set_metadata_value(value.field_value, name)
