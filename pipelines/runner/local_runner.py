"""Run a compiled pipeline on this machine: node by node, independent ones side by side."""

from __future__ import annotations

import concurrent.futures
import datetime
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from pipelines.config.layout import OutputLayout
from pipelines.launcher.node_request import NodeRequest
from pipelines.launcher.stale_executions import close_stale_executions
from pipelines.metadata.run_store import open_run_store, read_recorded_result
from pipelines.records.description import NodeDescription, PipelineDescription, read_description
from pipelines.records.node_result import NodeResult, NodeState
from pipelines.runner.display import RunDisplay
from pipelines.workers.pool import WorkerPool
from pipelines.workers.protocol import CompileRequest

_POLL_SECONDS = 0.2


class LocalRun(NamedTuple):
    """How each node of a local run ended, its wall time, and whether the user stopped it."""

    results: tuple[NodeResult, ...]
    seconds: float
    interrupted: bool


def create_run_id(layout: OutputLayout, now: datetime.datetime) -> str:
    """Name a run by its start, such as ``20260131T235959Z`` or ``…Z-2``, and make its folder."""
    stamp = now.astimezone(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    run_id, number = stamp, 1
    while True:
        try:
            layout.run(run_id).directory.mkdir(parents=True)
        except FileExistsError:
            number += 1
            run_id = f"{stamp}-{number}"
        else:
            return run_id


def run_locally(
    compilation: CompileRequest,
    pool: WorkerPool,
    display: RunDisplay,
    watch: Callable[[NodeResult], None],
) -> LocalRun:
    """Compile a pipeline and run what was compiled.

    Args:
        pool: Does the tasks; it is stopped at the end.
        watch: Called with the result of every node that has ended.

    Raises:
        CompilationError: If the pipeline could not be compiled.
    """
    started = time.monotonic()
    config, run_id = compilation.config, compilation.run_id
    run = config.layout.run(run_id)
    threads = concurrent.futures.ThreadPoolExecutor(config.parallel_nodes)

    def start(node_id: str) -> concurrent.futures.Future[NodeResult]:
        display.started(node_id)
        request = NodeRequest(
            ir_path=run.ir_path, node_id=node_id, run_id=run_id, log_path=run.log_path(node_id)
        )
        return threads.submit(pool.run_node, request)

    try:
        compiling = threads.submit(pool.compile, compilation)
        while not compiling.done():
            concurrent.futures.wait([compiling], timeout=_POLL_SECONDS)
            display.tick()
        compiling.result()
        description = read_description(run.description_path)
        display.compiled(description)
        schedule = NodeSchedule(description.nodes)
        interrupted = False
        try:
            while schedule.start_ready(start, config.parallel_nodes):
                for result in schedule.wait(_POLL_SECONDS):
                    display.ended(result)
                    watch(result)
                display.tick()
        except KeyboardInterrupt:
            interrupted = True
            pool.stop()
            for result in schedule.wait(None):
                display.ended(result)
        for result in schedule.skip_waiting():
            display.ended(result)
        close_stale_nodes(config.layout, description, run_id, schedule.list_results())
        return LocalRun(schedule.list_results(), time.monotonic() - started, interrupted)
    finally:
        pool.stop()
        threads.shutdown(wait=False, cancel_futures=True)


def close_stale_nodes(
    layout: OutputLayout,
    description: PipelineDescription,
    run_id: str,
    results: Sequence[NodeResult] = (),
) -> None:
    """Mark executions of killed nodes failed at once, and keep how they died, which they could not.

    Without it they would be marked only when the node runs again.

    Args:
        results: How the run's nodes ended, as far as the caller saw it.
    """
    if not layout.has_metadata_store:
        return
    with open_run_store(layout.metadata_store, description.name) as store:
        for node in description.nodes:
            close_stale_executions(store, layout, node.id)
        for result in results:
            if result.state is NodeState.FAILED:
                execution = store.find_execution(run_id, result.id)
                if execution and read_recorded_result(execution) is None:
                    store.record(execution, result)


class NodeSchedule:
    """Which nodes, in the pipeline's order, are done, running, ready and waiting."""

    def __init__(self, nodes: Sequence[NodeDescription]) -> None:
        self._nodes = tuple(nodes)
        self._running: dict[concurrent.futures.Future[NodeResult], str] = {}
        self._results: dict[str, NodeResult] = {}

    def list_ready(self) -> list[str]:
        """Ids of nodes whose upstream is done and that have not started."""
        begun = set(self._results) | set(self._running.values())
        return [
            node.id
            for node in self._nodes
            if node.id not in begun and all(self._may_follow(up) for up in node.upstream)
        ]

    def start_ready(
        self, start: Callable[[str], concurrent.futures.Future[NodeResult]], parallel_nodes: int
    ) -> bool:
        """Start ready nodes, as many as may run side by side; return whether any is running."""
        for node_id in self.list_ready()[: parallel_nodes - len(self._running)]:
            self.start(node_id, start(node_id))
        return bool(self._running)

    def start(self, node_id: str, future: concurrent.futures.Future[NodeResult]) -> None:
        """Count a node as running until its future is done."""
        self._running[future] = node_id

    def wait(self, seconds: float | None) -> list[NodeResult]:
        """Wait for a running node, or without a limit for all; return those that have ended."""
        one, every = concurrent.futures.FIRST_COMPLETED, concurrent.futures.ALL_COMPLETED
        concurrent.futures.wait(self._running, seconds, every if seconds is None else one)
        return self.take_ended()

    def take_ended(self) -> list[NodeResult]:
        """Move ended nodes from running to results."""
        ended = [future for future in self._running if future.done()]
        results = [future.result() for future in ended]
        for future in ended:
            del self._running[future]
        self._results.update({result.id: result for result in results})
        return results

    def skip_waiting(self) -> list[NodeResult]:
        """Record every node that never started as skipped."""
        waiting = [node.id for node in self._nodes if node.id not in self._results]
        skipped = {each: NodeResult(id=each, state=NodeState.SKIPPED) for each in waiting}
        self._results.update(skipped)
        return list(skipped.values())

    def list_results(self) -> tuple[NodeResult, ...]:
        """How every node ended, in the pipeline's order."""
        return tuple(self._results[node.id] for node in self._nodes)

    def _may_follow(self, node_id: str) -> bool:
        result = self._results.get(node_id)
        # A node skipped by request has its artifacts of an earlier run in place.
        return result is not None and (result.is_good or result.state is NodeState.SKIPPED)
