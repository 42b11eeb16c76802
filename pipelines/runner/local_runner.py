"""Run a compiled pipeline on this machine: node by node, independent ones side by side."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import datetime
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from pipelines.config.layout import OutputLayout, RunLayout
from pipelines.config.pipeline_config import PipelineConfig
from pipelines.launcher.node_request import NodeRequest
from pipelines.launcher.stale_executions import close_stale_executions
from pipelines.metadata.run_store import open_run_store, read_recorded_result
from pipelines.records.description import NodeDescription, PipelineDescription, read_description
from pipelines.records.node_result import NodeResult, NodeState
from pipelines.workers.pool import WorkerPool

_POLL_SECONDS = 0.2


class RunDisplay(Protocol):
    """What shows a run while it goes on."""

    def compiled(self, description: PipelineDescription) -> None:
        """The pipeline is compiled; its nodes are known."""

    def started(self, node_id: str) -> None:
        """A node has started."""

    def ended(self, result: NodeResult) -> None:
        """A node has ended, or was skipped."""

    def tick(self) -> None:
        """Some time has passed."""


@dataclasses.dataclass(frozen=True)
class LocalRun:
    """What a local run did.

    Attributes:
        results: How each node ended, in the pipeline's order.
        seconds: Wall time.
        interrupted: Whether the user stopped it.
    """

    run_id: str
    description: PipelineDescription
    results: tuple[NodeResult, ...]
    seconds: float
    interrupted: bool


def create_run_id(layout: OutputLayout, now: datetime.datetime) -> str:
    """Name a run by its start, and make its folder.

    Args:
        now: The time, with its zone.

    Returns:
        Such as ``20260131T235959Z``; with a number behind it where that one is taken.
    """
    stamp = now.astimezone(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    number = 1
    while True:
        run_id = stamp if number == 1 else f"{stamp}-{number}"
        try:
            layout.run(run_id).directory.mkdir(parents=True)
        except FileExistsError:
            number += 1
        else:
            return run_id


def run_locally(
    config: PipelineConfig,
    run_id: str,
    pool: WorkerPool,
    display: RunDisplay,
    from_nodes: tuple[str, ...] = (),
    to_nodes: tuple[str, ...] = (),
    watch: Callable[[NodeResult], None] = lambda _: None,
) -> LocalRun:
    """Compile and run.

    Args:
        run_id: The run, as ``create_run_id`` named it.
        pool: Does its tasks; it is stopped at the end.
        from_nodes: Nodes to start from, with the last run's artifacts; empty for all.
        to_nodes: Nodes to end with; empty for all.
        watch: Told of every node that has ended.

    Raises:
        CompilationError: If the pipeline could not be compiled.
    """
    started = time.monotonic()
    run = config.layout.run(run_id)
    threads = concurrent.futures.ThreadPoolExecutor(config.parallel_nodes)
    try:
        compiling = threads.submit(pool.compile, config, run_id, from_nodes, to_nodes)
        while not compiling.done():
            concurrent.futures.wait([compiling], timeout=_POLL_SECONDS)
            display.tick()
        compiling.result()
        description = read_description(run.description_path)
        display.compiled(description)
        schedule = Schedule(description.nodes)
        interrupted = False
        try:
            _run_nodes(schedule, run, run_id, pool, threads, display, watch, config.parallel_nodes)
        except KeyboardInterrupt:
            interrupted = True
            pool.stop()
            schedule.finish_running(display)
        schedule.skip_waiting(display)
        close_stale_nodes(config.layout, description, run_id, schedule.list_results())
        seconds = time.monotonic() - started
        return LocalRun(run_id, description, schedule.list_results(), seconds, interrupted)
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
        run_id: The run that has ended.
        results: How its nodes ended, as far as the caller saw it.
    """
    if not layout.has_metadata_store:
        return
    with open_run_store(layout.metadata_store, description.name) as store:
        for node in description.nodes:
            close_stale_executions(store, layout, node.id)
        for result in results:
            execution = store.find_execution(run_id, result.id)
            if result.state is not NodeState.FAILED or execution is None:
                continue
            if read_recorded_result(execution) is None:
                store.record(execution, result)


class Schedule:
    """Which nodes are done, running, ready and waiting."""

    def __init__(self, nodes: Sequence[NodeDescription]) -> None:
        """Let every node wait; they are given in the pipeline's order."""
        self._nodes = tuple(nodes)
        self._running: dict[concurrent.futures.Future[NodeResult], str] = {}
        self._results: dict[str, NodeResult] = {}

    @property
    def running(self) -> tuple[concurrent.futures.Future[NodeResult], ...]:
        """The nodes that are running."""
        return tuple(self._running)

    def list_ready(self) -> list[str]:
        """Ids of nodes whose upstream is done and that have not started."""
        begun = set(self._results) | set(self._running.values())
        return [
            node.id
            for node in self._nodes
            if node.id not in begun and all(self._may_follow(up) for up in node.upstream)
        ]

    def start(self, node_id: str, future: concurrent.futures.Future[NodeResult]) -> None:
        """Count a node as running until its future is done."""
        self._running[future] = node_id

    def take_ended(self) -> list[NodeResult]:
        """Move ended nodes from running to results."""
        ended = [future for future in self._running if future.done()]
        results = [future.result() for future in ended]
        for future in ended:
            del self._running[future]
        self._results.update({result.id: result for result in results})
        return results

    def finish_running(self, display: RunDisplay) -> None:
        """Wait for the nodes that were asked to stop."""
        concurrent.futures.wait(self.running)
        for result in self.take_ended():
            display.ended(result)

    def skip_waiting(self, display: RunDisplay) -> None:
        """Give every node that never started a result."""
        for node in self._nodes:
            if node.id not in self._results:
                self._results[node.id] = NodeResult(id=node.id, state=NodeState.SKIPPED)
                display.ended(self._results[node.id])

    def list_results(self) -> tuple[NodeResult, ...]:
        """How every node ended, in the pipeline's order."""
        return tuple(self._results[node.id] for node in self._nodes)

    def _may_follow(self, node_id: str) -> bool:
        result = self._results.get(node_id)
        # A node skipped by request has its artifacts of an earlier run in place.
        return result is not None and (result.is_good or result.state is NodeState.SKIPPED)


def _run_nodes(
    schedule: Schedule,
    run: RunLayout,
    run_id: str,
    pool: WorkerPool,
    threads: concurrent.futures.Executor,
    display: RunDisplay,
    watch: Callable[[NodeResult], None],
    parallel_nodes: int,
) -> None:
    while True:
        free = parallel_nodes - len(schedule.running)
        for node_id in schedule.list_ready()[: max(free, 0)]:
            request = NodeRequest(
                ir_path=run.ir_path,
                node_id=node_id,
                run_id=run_id,
                log_path=run.log_path(node_id),
            )
            display.started(node_id)
            schedule.start(node_id, threads.submit(pool.run_node, request))
        if not schedule.running:
            return
        concurrent.futures.wait(
            schedule.running,
            timeout=_POLL_SECONDS,
            return_when=concurrent.futures.FIRST_COMPLETED,
        )
        for result in schedule.take_ended():
            display.ended(result)
            watch(result)
        display.tick()
