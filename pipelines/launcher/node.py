"""Run one node of a compiled pipeline in this process: TFX's launcher, and how it ended."""

from __future__ import annotations

import datetime
import json
import logging
import time
from collections.abc import Sequence
from pathlib import Path

from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.compiler import constants
from tfx.orchestration.local import runner_utils
from tfx.orchestration.portable import launcher, partial_run_utils, runtime_parameter_utils
from tfx.proto.orchestration import pipeline_pb2

from components.data_gate.findings import ACCEPTED_PROPERTY, ARTIFACT_TYPE, read_verdict
from components.model_validator.validation import find_validation
from components.problem import DataRefusedError, Problem
from components.pusher.pushed_model import PushedVersion, find_pushed_version
from pipelines.compiler.ir_file import read_ir
from pipelines.config.layout import OutputLayout
from pipelines.config.store_address import PostgresqlAddress
from pipelines.launcher.attempts import begin_attempt
from pipelines.launcher.node_request import NodeRequest
from pipelines.launcher.row_checks import COUNTED_TYPES, check_rows
from pipelines.launcher.row_counts import count_rows
from pipelines.launcher.stale_executions import close_dead_executions, hold_node
from pipelines.metadata.guarded_metadata import GuardedMetadata
from pipelines.metadata.run_store import RunStore, StoredArtifact
from pipelines.metadata.store_connection import read_connection_config
from pipelines.records.node_result import NodeResult, NodeState

_logger = logging.getLogger(__name__)


_UNRESOLVED = Problem(
    rule="inputs not there",
    message="an input of the node could not be found in the metadata store; run its upstream nodes",
)


class NodeStoppedError(BaseException):
    """The node was asked to stop.

    No ``Exception``: TensorFlow, which tries several ways to trace a function, would pass over it.
    """


def run_node(request: NodeRequest) -> NodeResult:
    """Run a node and keep its result in the metadata store.

    Returns:
        How it ended; errors of the node are in it, not raised.

    Raises:
        OSError: If the compiled pipeline can't be read.
        KeyError: If it has no such node.
    """
    ir = read_ir(request.ir_path)
    runtime_parameter_utils.substitute_runtime_parameter(
        ir, {constants.PIPELINE_RUN_ID_PARAMETER_NAME: request.run_id}
    )
    node = _find_node(ir, request.node_id)
    if node.execution_options.HasField("skip"):
        return NodeResult(id=request.node_id, state=NodeState.SKIPPED)
    layout = _find_layout(ir)
    with hold_node(layout, request.run_id, request.node_id):
        _close_dead(ir, request)
        return _run_held_node(ir, node, request)


def _close_dead(ir: pipeline_pb2.Pipeline, request: NodeRequest) -> None:
    """Close what was left running of the node, whose lock is held."""
    with GuardedMetadata(_get_connection(ir)) as handle:
        runs = RunStore(handle.store, ir.pipeline_info.id)
        close_dead_executions(runs, _find_layout(ir), request.node_id, request.run_id)


def _run_held_node(
    ir: pipeline_pb2.Pipeline,
    node: pipeline_pb2.PipelineNode,
    request: NodeRequest,
) -> NodeResult:
    started, started_at = time.monotonic(), datetime.datetime.now(datetime.timezone.utc)
    problems: tuple[Problem, ...] = ()
    data_refused = False
    try:
        _launch(ir, node, request.run_id)
    except DataRefusedError as error:
        data_refused = True
        problems = error.problems
    except NodeStoppedError as error:
        _close_dead(ir, request)
        problems = (describe_error(error),)
    except Exception as error:
        _logger.exception("%s failed", request.node_id)
        problems = (describe_error(error),)
    seconds = time.monotonic() - started
    ended = NodeResult(
        id=request.node_id,
        state=NodeState.DATA_REFUSED if data_refused else NodeState.FAILED,
        started_at=started_at,
        seconds=round(seconds, 3),
        problems=problems,
        log=str(request.log_path),
    )
    return _conclude(ir, request, ended)


def describe_error(error: BaseException) -> Problem:
    """Put an error in one line: its type and the first line of what it says."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return Problem(rule=type(error).__name__, message=lines[0] if lines else type(error).__name__)


def _find_node(ir: pipeline_pb2.Pipeline, node_id: str) -> pipeline_pb2.PipelineNode:
    nodes = {node.pipeline_node.node_info.id: node.pipeline_node for node in ir.nodes}
    if node_id not in nodes:
        raise KeyError(f"--node: got {node_id!r}, expected one of {', '.join(nodes)}")
    return nodes[node_id]


def _launch(ir: pipeline_pb2.Pipeline, node: pipeline_pb2.PipelineNode, run_id: str) -> None:
    node_id = node.node_info.id
    deployment = runner_utils.extract_local_deployment_config(ir)
    connection = _get_connection(ir)
    with GuardedMetadata(connection) as handle:
        if node.execution_options.run.perform_snapshot:
            partial_run_utils.snapshot(handle, ir)
        begin_attempt(node, RunStore(handle.store, ir.pipeline_info.id), run_id)
    launcher.Launcher(
        pipeline_node=node,
        mlmd_connection=GuardedMetadata(connection),
        pipeline_info=ir.pipeline_info,
        pipeline_runtime_spec=ir.runtime_spec,
        executor_spec=runner_utils.extract_executor_spec(deployment, node_id),
        custom_driver_spec=runner_utils.extract_custom_driver_spec(deployment, node_id),
    ).launch()


def _find_layout(ir: pipeline_pb2.Pipeline) -> OutputLayout:
    """Find the output root: the folder that holds the artifacts' folder."""
    root = Path(ir.runtime_spec.pipeline_root.field_value.string_value).parent
    address = read_connection_config(_get_connection(ir))
    return OutputLayout(root, address if isinstance(address, PostgresqlAddress) else None)


def _get_connection(ir: pipeline_pb2.Pipeline) -> metadata_store_pb2.ConnectionConfig:
    deployment = runner_utils.extract_local_deployment_config(ir)
    mlmd_config = deployment.metadata_connection_config
    return getattr(mlmd_config, mlmd_config.WhichOneof("connection_config"))


def _conclude(ir: pipeline_pb2.Pipeline, request: NodeRequest, result: NodeResult) -> NodeResult:
    """Read back how the node ended: TFX's launcher returns quietly when inputs do not resolve.

    Args:
        result: Refused or failed, with the problems that it raised; without any it may have ended
            well.
    """
    raised = result.problems
    with GuardedMetadata(_get_connection(ir)) as handle:
        runs = RunStore(handle.store, ir.pipeline_info.id)
        execution = runs.find_execution(request.run_id, request.node_id)
        if execution is None:
            return result if raised else result.model_copy(update={"problems": (_UNRESOLVED,)})
        outputs = runs.list_outputs(execution)
        # Those of a cached node are counted already, unless their maker died when it had published.
        uncounted = [
            output
            for output in outputs
            if output.type in COUNTED_TYPES and not runs.count_written_rows(output.artifact.id)
        ]
    cached = execution.last_known_state == metadata_store_pb2.Execution.CACHED
    if not raised:
        state, problems = _read_state(execution, outputs)
        result = result.model_copy(update={"state": state, "problems": problems, "cached": cached})
    written = {} if raised else _count_rows(uncounted)
    with GuardedMetadata(_get_connection(ir)) as handle:
        runs = RunStore(handle.store, ir.pipeline_info.id)
        rows = runs.count_rows(execution, written)
        lost = check_rows(request.node_id, rows, _list_evaluated_splits(ir, request.node_id))
        changes: dict[str, object] = {"rows": rows, "pushed": _find_pushed(outputs, cached)}
        if result.is_good and lost:
            changes |= {"state": NodeState.FAILED, "problems": lost}
        result = result.model_copy(update=changes)
        runs.record(execution, result)
    return result


def _count_rows(outputs: Sequence[StoredArtifact]) -> dict[str, int]:
    return {name: rows for output in outputs for name, rows in count_rows(output).items()}


def _read_state(
    execution: metadata_store_pb2.Execution, outputs: Sequence[StoredArtifact]
) -> tuple[NodeState, tuple[Problem, ...]]:
    """Tell how an execution ended that raised nothing; a refusal may come from the cache."""
    if execution.last_known_state == metadata_store_pb2.Execution.FAILED:
        return NodeState.FAILED, (_UNRESOLVED,)
    if problems := _list_data_refusals(outputs):
        return NodeState.DATA_REFUSED, problems
    if problems := _list_model_refusals(outputs):
        return NodeState.MODEL_REFUSED, problems
    is_cached = execution.last_known_state == metadata_store_pb2.Execution.CACHED
    return (NodeState.CACHED if is_cached else NodeState.DONE), ()


def _find_pushed(outputs: Sequence[StoredArtifact], cached: bool) -> PushedVersion | None:
    pushed = find_pushed_version(output.artifact for output in outputs)
    return pushed.model_copy(update={"is_new": False}) if pushed and cached else pushed


def _list_evaluated_splits(ir: pipeline_pb2.Pipeline, node_id: str) -> list[str]:
    parameters = _find_node(ir, node_id).parameters.parameters
    if "example_splits" not in parameters:
        return []
    return json.loads(parameters["example_splits"].field_value.string_value)


def _list_data_refusals(outputs: Sequence[StoredArtifact]) -> tuple[Problem, ...]:
    return tuple(
        problem
        for output in outputs
        if output.type == ARTIFACT_TYPE and not output.integer(ACCEPTED_PROPERTY)
        for problem in read_verdict(output.path).problems
    )


def _list_model_refusals(outputs: Sequence[StoredArtifact]) -> tuple[Problem, ...]:
    validations = [
        find_validation(output.path) for output in outputs if output.type == "ModelBlessing"
    ]
    return tuple(
        Problem(rule=gate.name, message=f"{gate.slice}: {gate.reason}", value=str(gate.value))
        for validation in validations
        if validation is not None and not validation.blessed
        for gate in validation.refusing_gates
    )
