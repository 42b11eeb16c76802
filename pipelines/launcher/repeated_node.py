"""A node run again in the same run: each attempt is an execution of its own, and the last counts.

TFX's launcher would resume the node's earlier execution in the run, and do nothing where that one
ended well. With two executions of a node in a run, TFX would pass the outputs of both on.
"""

from __future__ import annotations

from ml_metadata.proto import metadata_store_pb2 as mlmd
from tfx.proto.orchestration import pipeline_pb2

from pipelines.metadata.run_store import ATTEMPT_CONTEXT, RUN_CONTEXT, RunStore, ended_well


def begin_attempt(node: pipeline_pb2.PipelineNode, runs: RunStore, run_id: str) -> None:
    """Change a node of a compiled pipeline so that it runs anew, on the last attempts' outputs.

    It is changed in place; its runtime parameters are substituted already.
    """
    for spec in node.inputs.inputs.values():
        if spec.channels and all(map(_is_of_run, spec.channels)):
            _take_last_outputs(spec, runs, run_id)
    node_id = node.node_info.id
    number = len(runs.list_attempts(run_id, node_id)) + 1
    context = node.contexts.contexts.add()
    context.type.name = ATTEMPT_CONTEXT
    context.name.field_value.string_value = f"{run_id}.{node_id}.{number}"


def _is_of_run(channel: pipeline_pb2.InputSpec.Channel) -> bool:
    """Tell whether a channel is another node's output in the same run."""
    return RUN_CONTEXT in {query.type.name for query in channel.context_queries}


def _take_last_outputs(spec: pipeline_pb2.InputSpec, runs: RunStore, run_id: str) -> None:
    """Name the artifacts of an input, where TFX would find those of more than one attempt."""
    good = [
        (channel.output_key, list(filter(ended_well, runs.list_attempts(run_id, producer))))
        for channel in spec.channels
        for producer in [channel.producer_node_query.id]
    ]
    if all(len(attempts) < 2 for _, attempts in good):
        return
    ids = [
        stored.id
        for key, attempts in good
        for attempt in attempts[-1:]
        for stored in runs.list_handed_on(attempt)
        if stored.key == key and stored.artifact.state == mlmd.Artifact.LIVE
    ]
    if ids:
        # This takes the place of the channels: they are alternatives.
        spec.ClearField("channels")
        spec.static_inputs.artifact_ids.extend(dict.fromkeys(ids))
        return
    # There is no way to name no artifact, but one to look where there is none.
    del spec.channels[1:]
    query = spec.channels[0].context_queries.add()
    query.type.name = ATTEMPT_CONTEXT
    query.name.field_value.string_value = f"{run_id}.none"
