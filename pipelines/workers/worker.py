"""What happens inside a worker process: compile, or run one node, with its own log.

Importing this module imports TFX, TensorFlow and Beam; ``worker_server`` does it once, and forks.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import sys
import types
import warnings
from pathlib import Path
from typing import NoReturn

from absl import logging as absl_logging
from google.protobuf import json_format

from pipelines.compiler.compilation import compile_pipeline
from pipelines.compiler.ir_file import read_ir, write_compiled
from pipelines.launcher.node import NodeStoppedError, describe_error, run_node
from pipelines.launcher.node_request import NodeRequest
from pipelines.records.node_result import NodeResult, NodeState
from pipelines.workers.protocol import CompileRequest, Reply, Work, send_line

_LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def work(task: Work, client: socket.socket) -> NoReturn:
    """Do a task in this process, send how it ended, and end the process."""
    os.setsid()
    stop_on_sigterm()
    redirect_output(task.log_path)
    configure_logging()
    reply = _run_node(task) if isinstance(task, NodeRequest) else _compile_run(task)
    # The client may be gone: how a node ended is in the metadata store too.
    with contextlib.suppress(OSError):
        send_line(client, reply)
    sys.stdout.flush()
    sys.stderr.flush()
    # At once: the interpreter's slow teardown has nothing left to do.
    os._exit(0)


def preload(task: Work) -> None:
    """Read, in the server, what its processes would each read again.

    Args:
        task: The next task; where this fails, so will the task, and say why.
    """
    # A pipe, which nobody may ever write to, would hold up the server.
    if isinstance(task, NodeRequest) and task.ir_path.is_file():
        with contextlib.suppress(OSError, json_format.ParseError):
            read_ir(task.ir_path)


def _run_node(task: NodeRequest) -> Reply:
    try:
        return Reply(result=run_node(task))
    except (Exception, NodeStoppedError) as error:
        problem = describe_error(error)
        result = NodeResult(
            id=task.node_id,
            state=NodeState.FAILED,
            problems=(problem,),
            log=str(task.log_path),
        )
        return Reply(result=result)


def _compile_run(task: CompileRequest) -> Reply:
    run = task.config.layout.run(task.run_id)
    try:
        ir, description = compile_pipeline(task.config, task.from_nodes, task.to_nodes)
        write_compiled(ir, description, run.ir_path, run.description_path)
    except (Exception, NodeStoppedError) as caught:
        absl_logging.exception("compilation failed")
        return Reply(error=describe_error(caught).message)
    return Reply()


def configure_logging() -> None:
    """Let TFX say what it does, and keep deprecation notices of libraries out of the log."""
    warnings.simplefilter("ignore")
    absl_logging.use_python_logging(quiet=True)
    absl_logging.set_verbosity(absl_logging.INFO)
    logging.basicConfig(format=_LOG_FORMAT, level=logging.INFO, force=True)


def stop_on_sigterm() -> None:
    """Turn SIGTERM into an error, so that the node is closed as failed and cleaned up after."""
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


def _raise_stopped(_signal_number: int, _frame: types.FrameType | None) -> None:
    raise NodeStoppedError("the node was asked to stop")
