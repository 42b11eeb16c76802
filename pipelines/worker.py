"""What happens inside a worker process: compile, or run one node, with its own log.

Importing this module imports TensorFlow, TFX and Beam; ``worker_pool`` does it once a run, in a
server process that workers are forked from.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import types
import warnings
from multiprocessing.connection import Connection
from pathlib import Path

from absl import logging as absl_logging
from tfx.orchestration.portable import partial_run_utils

from pipelines.compilation import compile_pipeline, write_compiled
from pipelines.config import PipelineConfig
from pipelines.layout import OutputLayout
from pipelines.node import NodeStoppedError, describe_error, run_node
from pipelines.node_request import NodeRequest
from pipelines.node_result import NodeResult, NodeState

_LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def run_node_in_worker(request: NodeRequest, answer: Connection) -> None:
    """Run a node in this process and send how it ended.

    Args:
        request: Which node.
        answer: Gets the ``NodeResult``.
    """
    _start(request.log_path)
    try:
        result = run_node(request)
    except Exception as error:
        result = NodeResult(
            id=request.node_id,
            state=NodeState.FAILED,
            problems=(describe_error(error),),
            log=request.log_text,
        )
    _finish(answer, result)


def compile_in_worker(
    config: PipelineConfig,
    run_id: str,
    from_nodes: tuple[str, ...],
    to_nodes: tuple[str, ...],
    answer: Connection,
) -> None:
    """Compile a run's pipeline into its folder and send the error, or None.

    Args:
        config: What the run is told.
        run_id: The run.
        from_nodes: Nodes to start from; empty for all.
        to_nodes: Nodes to end with; empty for all.
        answer: Gets None, or a one-line error.
    """
    run = OutputLayout(config.output_root).run(run_id)
    _start(run.log_path("compile"))
    error: str | None = None
    try:
        ir, description = compile_pipeline(config)
        if from_nodes or to_nodes:
            partial_run_utils.mark_pipeline(ir, from_nodes or None, to_nodes or None)
        write_compiled(ir, description, run.ir_path, run.description_path)
    except Exception as caught:
        absl_logging.exception("compilation failed")
        error = describe_error(caught).message
    _finish(answer, error)


def configure_logging() -> None:
    """Let TFX say what it does, and keep deprecation notices of libraries out of the log."""
    warnings.simplefilter("ignore")
    absl_logging.use_python_logging(quiet=True)
    absl_logging.set_verbosity(absl_logging.INFO)
    logging.basicConfig(format=_LOG_FORMAT, level=logging.INFO, force=True)


def stop_on_sigterm() -> None:
    """Turn SIGTERM into an error, so that TFX publishes the node as failed and cleans up."""
    signal.signal(signal.SIGTERM, _raise_stopped)


def redirect_output(log_path: Path) -> None:
    """Send all that this process and its libraries print to a file.

    Args:
        log_path: File to append to; its folder is made.
    """
    log_path.parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    log = os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, sys.stdout.fileno())
    os.dup2(log, sys.stderr.fileno())
    os.close(log)


def _start(log_path: Path | None) -> None:
    os.setsid()
    stop_on_sigterm()
    if log_path is not None:
        redirect_output(log_path)
    configure_logging()


def _finish(answer: Connection, value: NodeResult | str | None) -> None:
    """Answer and end at once: the interpreter's slow teardown has nothing left to do."""
    answer.send(value)
    answer.close()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _raise_stopped(signal_number: int, frame: types.FrameType | None) -> None:
    raise NodeStoppedError("the node was asked to stop")
