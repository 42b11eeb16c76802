"""Worker processes for a local run: forked from a server that has imported TFX once.

Importing TensorFlow, TFX and Beam takes longer than most nodes work. A fork server pays for it
once a run, in the background, and every node still gets a process of its own: its output goes to
its own log, it can be stopped alone, and its memory is given back when it ends.
"""

from __future__ import annotations

import contextlib
import datetime
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from pipelines.config import PipelineConfig
from pipelines.node_request import NodeRequest
from pipelines.node_result import NodeResult, NodeState, Problem

_WORKER_MODULE = "pipelines.worker"
_STOP_SECONDS = 20.0


class WorkerPool:
    """Starts workers and stops them all when asked."""

    def __init__(self, server_log_path: Path) -> None:
        """Start the server; it imports in the background.

        Args:
            server_log_path: File that the server's own output goes to.
        """
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([_WORKER_MODULE])
        self._processes: set[BaseProcess] = set()
        self._lock = threading.Lock()
        self._stopping = False
        # The C++ libraries announce missing GPUs while they are imported.
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        with _output_to(server_log_path):
            forkserver.ensure_running()

    def compile(
        self,
        config: PipelineConfig,
        run_id: str,
        from_nodes: tuple[str, ...],
        to_nodes: tuple[str, ...],
    ) -> str | None:
        """Compile in a worker; returns a one-line error, or None."""
        answer, exit_code = self._call("compile_in_worker", config, run_id, from_nodes, to_nodes)
        if exit_code == 0:
            return answer
        return f"the compiler's process ended with {_name_exit(exit_code)}"

    def run_node(self, request: NodeRequest) -> NodeResult:
        """Run a node in a worker.

        Args:
            request: Which node.

        Returns:
            How it ended; failed where the process died.
        """
        started, started_at = time.monotonic(), datetime.datetime.now(datetime.timezone.utc)
        answer, exit_code = self._call("run_node_in_worker", request)
        if isinstance(answer, NodeResult):
            return answer
        problem = Problem(
            rule="process died", message=f"the node's process ended with {_name_exit(exit_code)}"
        )
        return NodeResult(
            id=request.node_id,
            state=NodeState.FAILED,
            started_at=started_at,
            seconds=round(time.monotonic() - started, 3),
            problems=(problem,),
            log=request.log_text,
        )

    def stop(self) -> None:
        """Ask every worker to stop, and end those that do not within some seconds."""
        with self._lock:
            self._stopping = True
            processes = tuple(self._processes)
        for process in processes:
            process.terminate()
        for process in processes:
            process.join(_STOP_SECONDS)
            if process.is_alive() and process.pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)

    def _call(self, function: str, *arguments: Any) -> tuple[Any, int]:
        receiver, sender = self._context.Pipe(duplex=False)
        process = self._context.Process(target=_dispatch, args=(function, arguments, sender))
        if self._stopping:
            return None, -signal.SIGTERM
        process.start()
        with self._lock:
            self._processes.add(process)
            if self._stopping:
                process.terminate()
        sender.close()
        answer = None
        with receiver, contextlib.suppress(EOFError):
            answer = receiver.recv()
        process.join()
        with self._lock:
            self._processes.discard(process)
        return answer, process.exitcode or 0


def _dispatch(function: str, arguments: tuple[Any, ...], answer: Connection) -> None:
    """Call a worker function; imported here, in the child, so that the parent stays light."""
    from pipelines import worker

    getattr(worker, function)(*arguments, answer)


def _name_exit(exit_code: int) -> str:
    if exit_code < 0:
        return f"signal {signal.Signals(-exit_code).name}"
    return f"exit code {exit_code}"


@contextlib.contextmanager
def _output_to(path: Path) -> Iterator[None]:
    """Let processes started inside print to a file instead of to the user's screen."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    kept = os.dup(1), os.dup(2)
    with path.open("ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    try:
        yield
    finally:
        for original, number in zip(kept, (1, 2), strict=True):
            os.dup2(original, number)
            os.close(original)
