"""What a worker process does: compile, or run one node, with its own log.

Importing this module imports TFX, TensorFlow and Beam; the server does it once, and forks.
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
from pipelines.launcher.node import NodeStoppedError, create_problem, run_node
from pipelines.launcher.node_request import NodeRequest
from pipelines.workers.protocol import CompileRequest, Reply, Work, send_line

_LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def work(task: Work, client: socket.socket) -> NoReturn:
    """Do a task in this process, send how it ended, and end the process."""
    os.setsid()
    stop_on_sigterm()
    _redirect_output(task.log_path)
    _configure_logging()
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

    Where this fails, so will the task, with the reason.
    """
    # A pipe, which nobody may ever write to, would block the server.
    if isinstance(task, NodeRequest) and task.ir_path.is_file():
        with contextlib.suppress(OSError, json_format.ParseError):
            read_ir(task.ir_path)


def _run_node(task: NodeRequest) -> Reply:
    try:
        return Reply(result=run_node(task))
    except (Exception, NodeStoppedError) as error:
        return Reply(result=task.fail(create_problem(error)))


def _compile_run(task: CompileRequest) -> Reply:
    run = task.config.layout.run(task.run_id)
    try:
        ir, description = compile_pipeline(task.config, task.from_nodes, task.to_nodes)
        write_compiled(ir, description, run.ir_path, run.description_path)
    except (Exception, NodeStoppedError) as caught:
        absl_logging.exception("compilation failed")
        return Reply(error=create_problem(caught).message)
    return Reply()


def _configure_logging() -> None:
    """Log what TFX does, but not the libraries' deprecation notices."""
    warnings.simplefilter("ignore")
    absl_logging.use_python_logging(quiet=True)
    absl_logging.set_verbosity(absl_logging.INFO)
    logging.basicConfig(format=_LOG_FORMAT, level=logging.INFO, force=True)


def stop_on_sigterm() -> None:
    """Turn SIGTERM into an error, so that the node is recorded as failed and cleaned up after."""

    def stop(_signal_number: int, _frame: types.FrameType | None) -> None:
        raise NodeStoppedError("the node was asked to stop")

    signal.signal(signal.SIGTERM, stop)


def _redirect_output(log_path: Path) -> None:
    """Append all that this process and its libraries print to a file, whose folder is made."""
    log_path.parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    log = os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, sys.stdout.fileno())
    os.dup2(log, sys.stderr.fileno())
    os.close(log)
