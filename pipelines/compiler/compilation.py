"""Compile a pipeline to TFX's intermediate representation (IR) and describe it."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Collection

from tfx.proto.orchestration import pipeline_pb2

from pipelines.compiler.cache_key import hash_imported_code
from pipelines.compiler.ir_file import dump_ir
from pipelines.compiler.source_hash import hash_product
from pipelines.compiler.tfx_internals import compile_ir, list_class_paths, mark_part
from pipelines.compiler.worker_sources import add_worker_sources
from pipelines.config.pipeline_config import PipelineConfig
from pipelines.pipeline import create_pipeline
from pipelines.records.description import NodeDescription, PipelineDescription
from pipelines.records.nodes import NodeId

CODE_VERSION_PARAMETER = "code_version"
"""Parameter of every node that executes; by it TFX's cache notices other code or packages."""

_HOOK_PARAMETERS = ("run_fn", "preprocessing_fn")


def compile_pipeline(
    config: PipelineConfig, from_nodes: Collection[str] = (), to_nodes: Collection[str] = ()
) -> tuple[pipeline_pb2.Pipeline, PipelineDescription]:
    """Compile a pipeline, or the part from some nodes to others, to the IR, and describe it."""
    ir = compile_ir(create_pipeline(config, add_worker_sources(config.beam.arguments)))
    nodes = [node.pipeline_node for node in ir.nodes]
    for node in nodes:
        # What it pushed may be gone from the serving folder; where it is there, it copies nothing.
        if node.node_info.id == NodeId.PUSHER:
            node.execution_options.caching_options.enable_cache = False
        if modules := _list_modules(ir, node):
            version = hash_imported_code(modules, config.task)
            node.parameters.parameters[CODE_VERSION_PARAMETER].field_value.string_value = version
    content_hash = hashlib.sha256(dump_ir(ir).encode()).hexdigest()
    if from_nodes or to_nodes:
        mark_part(ir, from_nodes, to_nodes)
    return ir, PipelineDescription(
        name=ir.pipeline_info.id,
        content_hash=content_hash,
        compiled_at=datetime.datetime.now(datetime.timezone.utc),
        output_root=str(config.output_root),
        code_hash=hash_product(),
        config_hash=hashlib.sha256(config.model_dump_json().encode()).hexdigest(),
        about=config.about,
        span_period=config.data.span_period,
        nodes=tuple(map(_describe_node, nodes)),
        not_asked_for=tuple(
            node.node_info.id for node in nodes if node.execution_options.HasField("skip")
        ),
    )


def _list_modules(ir: pipeline_pb2.Pipeline, node: pipeline_pb2.PipelineNode) -> set[str]:
    """List the modules that a node runs: executor, driver and hooks; none for a resolver."""
    paths = [
        node.parameters.parameters[name].field_value.string_value
        for name in _HOOK_PARAMETERS
        if name in node.parameters.parameters
    ]
    paths += list_class_paths(ir, node.node_info.id)
    return {path.rpartition(".")[0] for path in paths if path}


def _describe_node(node: pipeline_pb2.PipelineNode) -> NodeDescription:
    return NodeDescription(
        id=node.node_info.id,
        type=node.node_info.type.name,
        stage=NodeId(node.node_info.id).stage,
        upstream=tuple(node.upstream_nodes),
        parameters={
            name: str(getattr(value, value.WhichOneof("value")))
            for name, parameter in sorted(node.parameters.parameters.items())
            if parameter.HasField("field_value")
            for value in [parameter.field_value]
        },
    )
