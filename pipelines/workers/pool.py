"""The worker processes of one run: started in parallel, stopped all at once."""

from __future__ import annotations

import datetime
import signal
import threading
import time

from components.errors import OperationError
from components.problem import Problem
from pipelines.launcher.node_request import NodeRequest
from pipelines.records.node_result import NodeResult
from pipelines.workers.client import WorkerCall, WorkerClient
from pipelines.workers.protocol import CompileRequest, Reply, Work


class CompilationError(OperationError):
    """The pipeline could not be compiled; the message says why and where the log is."""


class WorkerPool:
    """Runs the tasks of one run on a worker server, while the caller's threads wait.

    The server is the given one, or the one that all runs of this user share; it is started if
    there is none.

    Raises:
        WorkerError: If the server could not be started.
    """

    def __init__(self, client: WorkerClient | None = None) -> None:
        self._client = client or WorkerClient.shared()
        self._calls: set[WorkerCall] = set()
        # Re-entrant: ``stop`` is called by signal handlers, also while it runs.
        self._lock = threading.RLock()
        self._stopping = False
        self._client.warm()

    def compile(self, request: CompileRequest) -> None:
        """Compile a run's pipeline into the run's folder.

        Raises:
            CompilationError: If it could not be compiled.
        """
        reply = self._call(request)
        if reply.error or reply.ended != 0:
            error = reply.error or f"the compiler's process {_describe_end(reply)}"
            raise CompilationError(f"{error} (log: {request.log_path})")

    def run_node(self, request: NodeRequest) -> NodeResult:
        """Run a node; it has failed where its process died."""
        started, started_at = time.monotonic(), datetime.datetime.now(datetime.timezone.utc)
        reply = self._call(request)
        if reply.result is not None:
            return reply.result
        message = reply.error or f"the node's process {_describe_end(reply)}"
        return request.fail(
            Problem(rule="process died", message=message),
            started_at=started_at,
            seconds=round(time.monotonic() - started, 3),
        )

    def stop(self) -> None:
        """Ask every process to stop; those that do not within seconds are killed."""
        with self._lock:
            self._stopping = True
            calls = tuple(self._calls)
        for call in calls:
            call.stop()

    def _call(self, task: Work) -> Reply:
        call = WorkerCall(self._client, task)
        with self._lock:
            if self._stopping:
                return Reply(ended=-signal.SIGTERM)
            self._calls.add(call)
        try:
            return call.run()
        finally:
            with self._lock:
                self._calls.discard(call)


def _describe_end(reply: Reply) -> str:
    if reply.ended is None:
        return "was lost: the worker server died"
    if reply.ended < 0:
        return f"ended with signal {signal.Signals(-reply.ended).name}"
    return f"ended with exit code {reply.ended}"
