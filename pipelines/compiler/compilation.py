"""Compile a pipeline to TFX's intermediate representation (IR) and describe it."""

from __future__ import annotations

import datetime
import hashlib

from tfx.dsl.compiler.compiler import Compiler
from tfx.orchestration import data_types_utils
from tfx.orchestration.local import runner_utils
from tfx.proto.orchestration import (
    executable_spec_pb2,
    local_deployment_config_pb2,
    pipeline_pb2,
)

from pipelines.compiler.code_version import hash_product
from pipelines.compiler.imported_code import hash_imported_code
from pipelines.compiler.ir_file import dump_ir
from pipelines.compiler.worker_sources import add_worker_sources
from pipelines.config.pipeline_config import PipelineConfig
from pipelines.pipeline import create_pipeline
from pipelines.records.description import NodeDescription, PipelineDescription
from pipelines.records.nodes import NodeId

CODE_VERSION_PARAMETER = "code_version"
"""Parameter of every node that executes; by it TFX's cache notices other code or packages."""

_HOOK_PARAMETERS = ("run_fn", "preprocessing_fn")
_NEVER_CACHED = {
    # What it made may be gone from the serving folder; where it is there, it copies nothing.
    NodeId.PUSHER,
}


def compile_pipeline(config: PipelineConfig) -> tuple[pipeline_pb2.Pipeline, PipelineDescription]:
    """Compile to the IR, and describe it."""
    ir = Compiler().compile(create_pipeline(config, add_worker_sources(config.beam.arguments)))
    deployment = runner_utils.extract_local_deployment_config(ir)
    for node in (one.pipeline_node for one in ir.nodes):
        if node.node_info.id in _NEVER_CACHED:
            node.execution_options.caching_options.enable_cache = False
        if modules := _list_modules(node, deployment):
            version = hash_imported_code(modules, config.task)
            data_types_utils.set_metadata_value(
                node.parameters.parameters[CODE_VERSION_PARAMETER].field_value, version
            )
    return ir, describe(ir, config)


def describe(ir: pipeline_pb2.Pipeline, config: PipelineConfig) -> PipelineDescription:
    """Describe a compiled pipeline, and the configuration that it was compiled from."""
    nodes = [node.pipeline_node for node in ir.nodes]
    return PipelineDescription(
        name=ir.pipeline_info.id,
        content_hash=hashlib.sha256(dump_ir(ir).encode()).hexdigest(),
        compiled_at=datetime.datetime.now(datetime.timezone.utc),
        output_root=str(config.output_root),
        code_hash=hash_product(),
        config_hash=hashlib.sha256(config.model_dump_json().encode()).hexdigest(),
        about=config.about,
        span_period=config.data.span_period,
        nodes=tuple(_describe_node(node) for node in nodes),
    )


def list_skipped(ir: pipeline_pb2.Pipeline) -> tuple[str, ...]:
    """List the nodes that a partial run leaves out."""
    nodes = [node.pipeline_node for node in ir.nodes]
    return tuple(node.node_info.id for node in nodes if node.execution_options.HasField("skip"))


def _list_modules(
    node: pipeline_pb2.PipelineNode, deployment: local_deployment_config_pb2.LocalDeploymentConfig
) -> set[str]:
    """List the modules that a node runs: executor, driver and hooks; none for a resolver."""
    node_id = node.node_info.id
    paths = [
        node.parameters.parameters[name].field_value.string_value
        for name in _HOOK_PARAMETERS
        if name in node.parameters.parameters
    ]
    executor = runner_utils.extract_executor_spec(deployment, node_id)
    if isinstance(executor, executable_spec_pb2.BeamExecutableSpec):
        executor = executor.python_executor_spec
    driver = runner_utils.extract_custom_driver_spec(deployment, node_id)
    paths += [spec.class_path for spec in (executor, driver) if spec is not None]
    return {path.rpartition(".")[0] for path in paths if path}


def _describe_node(node: pipeline_pb2.PipelineNode) -> NodeDescription:
    parameters = {}
    for name, value in sorted(node.parameters.parameters.items()):
        if value.HasField("field_value"):
            parameters[name] = str(data_types_utils.get_metadata_value(value.field_value))
    return NodeDescription(
        id=node.node_info.id,
        type=node.node_info.type.name,
        stage=NodeId(node.node_info.id).stage,
        upstream=tuple(node.upstream_nodes),
        parameters=parameters,
    )
