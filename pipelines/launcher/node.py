"""Run one node of a compiled pipeline in this process: TFX's launcher, and how it ended."""

from __future__ import annotations

import contextlib
import datetime
import json
import logging
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from ml_metadata.proto import metadata_store_pb2 as mlmd
from tfx.proto.orchestration import pipeline_pb2

from components.data_gate.findings import ACCEPTED_PROPERTY, ARTIFACT_TYPE, read_verdict
from components.model_validator.validation import find_validation
from components.problem import DataRefusedError, Problem
from components.pusher.pushed_model import find_pushed_version
from pipelines.compiler.ir_file import read_ir
from pipelines.compiler.tfx_internals import find_connection
from pipelines.config.layout import OutputLayout
from pipelines.config.store_address import PostgresqlAddress
from pipelines.launcher.node_request import NodeRequest
from pipelines.launcher.repeated_node import begin_attempt
from pipelines.launcher.row_counts import COUNTED_TYPES, check_rows, count_rows
from pipelines.launcher.stale_executions import close_stale_executions, get_node_lock
from pipelines.launcher.tfx_internals import launch, reuse_artifacts, set_run_id
from pipelines.metadata.open_store import read_connection_config
from pipelines.metadata.run_store import RunStore, StoredArtifact
from pipelines.metadata.tfx_internals import GuardedMetadata
from pipelines.records.node_result import NodeResult, NodeState

_logger = logging.getLogger(__name__)

_UNRESOLVED = Problem(
    rule="missing input",
    message="an input of the node could not be found in the metadata store; run its upstream nodes",
)


class NodeStoppedError(BaseException):
    """The node was asked to stop.

    No ``Exception``: TensorFlow, which tries several ways to trace a function, would pass over it.
    """


def run_node(request: NodeRequest) -> NodeResult:
    """Run a node and store its result with its execution.

    Returns:
        How it ended; errors of the node are in it, not raised.

    Raises:
        OSError: If the compiled pipeline can't be read.
        KeyError: If it has no such node.
    """
    ir = read_ir(request.ir_path)
    set_run_id(ir, request.run_id)
    nodes = {node.pipeline_node.node_info.id: node.pipeline_node for node in ir.nodes}
    if request.node_id not in nodes:
        raise KeyError(f"--node: got {request.node_id!r}, expected one of {', '.join(nodes)}")
    node = nodes[request.node_id]
    if node.execution_options.HasField("skip"):
        return NodeResult(id=request.node_id, state=NodeState.SKIPPED)
    layout = _find_layout(ir)
    with get_node_lock(layout, request.run_id, request.node_id).hold():
        _close_stale(ir, layout, request)
        return _run_held_node(ir, node, layout, request)


def create_problem(error: BaseException) -> Problem:
    """Describe an error in one line: its type and the first line of its message."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return Problem(rule=type(error).__name__, message=lines[0] if lines else type(error).__name__)


def _find_layout(ir: pipeline_pb2.Pipeline) -> OutputLayout:
    """Find the output root, which holds the folder of artifacts."""
    root = Path(ir.runtime_spec.pipeline_root.field_value.string_value).parent
    address = read_connection_config(find_connection(ir))
    return OutputLayout(root, address if isinstance(address, PostgresqlAddress) else None)


@contextlib.contextmanager
def _open_runs(ir: pipeline_pb2.Pipeline) -> Iterator[tuple[RunStore, GuardedMetadata]]:
    with GuardedMetadata(find_connection(ir)) as handle:
        yield RunStore(handle.store, ir.pipeline_info.id), handle


def _close_stale(ir: pipeline_pb2.Pipeline, layout: OutputLayout, request: NodeRequest) -> None:
    with _open_runs(ir) as (runs, _):
        close_stale_executions(runs, layout, request.node_id, request.run_id)


def _run_held_node(
    ir: pipeline_pb2.Pipeline,
    node: pipeline_pb2.PipelineNode,
    layout: OutputLayout,
    request: NodeRequest,
) -> NodeResult:
    started, started_at = time.monotonic(), datetime.datetime.now(datetime.timezone.utc)
    state = NodeState.FAILED
    problems: tuple[Problem, ...] = ()
    try:
        with _open_runs(ir) as (runs, handle):
            if node.execution_options.run.perform_snapshot:
                reuse_artifacts(ir, handle)
            begin_attempt(node, runs, request.run_id)
        launch(ir, node, GuardedMetadata(find_connection(ir)))
    except DataRefusedError as error:
        state, problems = NodeState.DATA_REFUSED, tuple(error.problems)
    except NodeStoppedError as error:
        _close_stale(ir, layout, request)
        problems = (create_problem(error),)
    except Exception as error:
        _logger.exception("%s failed", request.node_id)
        problems = (create_problem(error),)
    result = NodeResult(
        id=request.node_id,
        state=state,
        started_at=started_at,
        seconds=round(time.monotonic() - started, 3),
        problems=problems,
        log=str(request.log_path),
    )
    return _conclude(ir, node, request, result)


def _conclude(
    ir: pipeline_pb2.Pipeline,
    node: pipeline_pb2.PipelineNode,
    request: NodeRequest,
    result: NodeResult,
) -> NodeResult:
    """Read back how the node ended: TFX's launcher returns quietly when inputs do not resolve.

    Args:
        result: Its ``state`` counts where it has problems; without any it may have ended well.
    """
    with _open_runs(ir) as (runs, _):
        found = runs.find_execution(request.run_id, request.node_id)
        if found is None:
            return result.model_copy(update={"problems": result.problems or (_UNRESOLVED,)})
        execution = runs.read_execution(found)
        # Those of a cached node are counted already, unless their maker died when it had published.
        uncounted = [
            output
            for output in execution.outputs
            if output.type in COUNTED_TYPES and not runs.count_written_rows(output.id)
        ]
    changes: dict[str, object] = {
        "pushed": find_pushed_version(output.artifact for output in execution.outputs)
    }
    written: dict[str, int] = {}
    if not result.problems:
        state, problems = _read_state(found, execution.outputs)
        changes |= {"state": state, "problems": problems, "cached": execution.is_cached}
        for output in uncounted:
            written |= count_rows(output)
    with _open_runs(ir) as (runs, _):
        rows = runs.count_rows(found, written)
        result = result.model_copy(update={**changes, "rows": rows})
        lost = check_rows(request.node_id, rows, _list_evaluated_splits(node))
        if result.is_good and lost:
            result = result.model_copy(update={"state": NodeState.FAILED, "problems": lost})
        runs.record(found, result)
    return result


def _read_state(
    execution: mlmd.Execution, outputs: Sequence[StoredArtifact]
) -> tuple[NodeState, tuple[Problem, ...]]:
    """Find how an execution ended that raised nothing; a refusal may come from the cache."""
    if execution.last_known_state == mlmd.Execution.FAILED:
        return NodeState.FAILED, (_UNRESOLVED,)
    if problems := _list_data_refusals(outputs):
        return NodeState.DATA_REFUSED, problems
    if problems := _list_model_refusals(outputs):
        return NodeState.MODEL_REFUSED, problems
    is_cached = execution.last_known_state == mlmd.Execution.CACHED
    return (NodeState.CACHED if is_cached else NodeState.DONE), ()


def _list_data_refusals(outputs: Sequence[StoredArtifact]) -> tuple[Problem, ...]:
    return tuple(
        problem
        for output in outputs
        if output.type == ARTIFACT_TYPE and not output.integer(ACCEPTED_PROPERTY)
        for problem in read_verdict(output.path).problems
    )


def _list_model_refusals(outputs: Sequence[StoredArtifact]) -> tuple[Problem, ...]:
    return tuple(
        Problem(rule=gate.name, message=f"{gate.slice}: {gate.reason}", value=str(gate.value))
        for output in outputs
        if output.type == "ModelBlessing"
        for validation in [find_validation(output.path)]
        if validation is not None and not validation.blessed
        for gate in validation.refusing_gates
    )


def _list_evaluated_splits(node: pipeline_pb2.PipelineNode) -> list[str]:
    if "example_splits" not in node.parameters.parameters:
        return []
    return json.loads(node.parameters.parameters["example_splits"].field_value.string_value)
