"""TFX's launcher of one node, which TFX documents for nobody.

Checked with TFX 1.16.0. Where TFX has moved, look for how its own local runner launches a node, and
see to it that tests/pipelines/launcher and tests/e2e pass.
"""

from __future__ import annotations

from tfx.dsl.compiler import constants
from tfx.orchestration.portable import launcher, partial_run_utils, runtime_parameter_utils
from tfx.proto.orchestration import pipeline_pb2

from pipelines.compiler.tfx_internals import find_executables
from pipelines.metadata.tfx_internals import GuardedMetadata

CHECKED_VERSION = "1.16.0"


def set_run_id(ir: pipeline_pb2.Pipeline, run_id: str) -> None:
    """Fill a run's id in wherever a compiled pipeline leaves it open; it is changed in place."""
    parameters = {constants.PIPELINE_RUN_ID_PARAMETER_NAME: run_id}
    runtime_parameter_utils.substitute_runtime_parameter(ir, parameters)


def reuse_artifacts(ir: pipeline_pb2.Pipeline, handle: GuardedMetadata) -> None:
    """Give a partial run the last run's artifacts of the nodes that it leaves out."""
    partial_run_utils.snapshot(handle, ir)


def launch(
    ir: pipeline_pb2.Pipeline, node: pipeline_pb2.PipelineNode, handle: GuardedMetadata
) -> None:
    """Launch a node by a handle not yet entered; returns quietly where inputs do not resolve."""
    executor, driver = find_executables(ir, node.node_info.id)
    launcher.Launcher(
        pipeline_node=node,
        mlmd_connection=handle,
        pipeline_info=ir.pipeline_info,
        pipeline_runtime_spec=ir.runtime_spec,
        executor_spec=executor,
        custom_driver_spec=driver,
    ).launch()
