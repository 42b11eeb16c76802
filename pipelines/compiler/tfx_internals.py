"""TFX's compiler, and its way of reading what it compiled, which TFX documents for nobody.

Checked with TFX 1.16.0. Where TFX has moved, look for how its own local runner compiles a pipeline
and reads the deployment, and see to it that tests/pipelines/compiler pass.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ml_metadata.proto import metadata_store_pb2 as mlmd
from tfx.dsl.compiler.compiler import Compiler
from tfx.orchestration.local import runner_utils
from tfx.orchestration.pipeline import Pipeline
from tfx.orchestration.portable import partial_run_utils
from tfx.proto.orchestration import pipeline_pb2

CHECKED_VERSION = "1.16.0"


def compile_ir(pipeline: Pipeline) -> pipeline_pb2.Pipeline:
    """Compile a pipeline to its IR."""
    return Compiler().compile(pipeline)


def mark_part(
    ir: pipeline_pb2.Pipeline, from_nodes: Collection[str], to_nodes: Collection[str]
) -> None:
    """Mark, in place, what a partial run skips; nodes before it provide their last artifacts."""
    partial_run_utils.mark_pipeline(ir, from_nodes or None, to_nodes or None)


def find_executables(ir: pipeline_pb2.Pipeline, node_id: str) -> tuple[Any, Any]:
    """Find the specifications of a node's executor and of its custom driver, where it has them."""
    deployment = runner_utils.extract_local_deployment_config(ir)
    return (
        runner_utils.extract_executor_spec(deployment, node_id),
        runner_utils.extract_custom_driver_spec(deployment, node_id),
    )


def list_class_paths(ir: pipeline_pb2.Pipeline, node_id: str) -> list[str]:
    """List the class paths of a node's executor and custom driver; none for a resolver."""
    specs = [spec for spec in find_executables(ir, node_id) if spec is not None]
    # One that uses Beam holds that of its class.
    return [getattr(spec, "python_executor_spec", spec).class_path for spec in specs]


def find_connection(ir: pipeline_pb2.Pipeline) -> mlmd.ConnectionConfig:
    """Find the metadata store that a pipeline was compiled for."""
    config = runner_utils.extract_local_deployment_config(ir).metadata_connection_config
    return getattr(config, config.WhichOneof("connection_config"))
