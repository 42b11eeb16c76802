"""A run on this machine from its input check to the summary and page that it leaves."""

from __future__ import annotations

import contextlib
import datetime
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, NamedTuple

from rich.console import Console
from rich.text import Text

from pipelines.config.pipeline_config import PipelineConfig
from pipelines.records.nodes import NodeId
from pipelines.report.reporter import Reporter
from pipelines.runner.input_data import prepare_input
from pipelines.workers.client import WorkerClient

if TYPE_CHECKING:
    from pipelines.records.node_result import NodeResult
    from pipelines.records.run_summary import RunSummary
    from pipelines.runner.local_runner import RunDisplay


class RecordedRun(NamedTuple):
    """A run that has ended, and what it left.

    Attributes:
        problem: Why it has no page; None where it has one.
        champion_version: Version that was the champion before it; None without one.
    """

    summary: RunSummary
    problem: str | None
    champion_version: int | None


def run_and_record(
    config: PipelineConfig,
    console: Console,
    create_display: Callable[[Console], AbstractContextManager[RunDisplay]],
    from_nodes: tuple[str, ...] = (),
    to_nodes: tuple[str, ...] = (),
) -> RecordedRun:
    """Run the pipeline, show it while it goes on, and write its summary and page.

    Args:
        create_display: Gives what shows the run while it goes on, on the console.
        from_nodes: Nodes to start from, with the last run's artifacts; empty for all.
        to_nodes: Nodes to end with; empty for all.

    Raises:
        ConfigError: If there is no input.
        CompilationError: If the pipeline could not be compiled.
        WorkerError: If the worker server could not be started.
        DataLayoutError: If the sample data can't be found or written.
        StoreUnavailableError: If the metadata store is a database that can't be reached.
    """
    with _stop_as_by_ctrl_c():
        return _run_and_record(config, console, create_display, from_nodes, to_nodes)


@contextlib.contextmanager
def _stop_as_by_ctrl_c() -> Iterator[None]:
    """Have a run that is terminated, or whose terminal is closed, end as by Ctrl-C."""
    if threading.current_thread() is not threading.main_thread():
        # Python gives signals to the main thread alone.
        yield
        return
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    # One that is ignored, as by nohup, stays so.
    kept = {number: kept[number] for number in kept if kept[number] is signal.SIG_DFL}
    for number in kept:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


def _run_and_record(
    config: PipelineConfig,
    console: Console,
    create_display: Callable[[Console], AbstractContextManager[RunDisplay]],
    from_nodes: tuple[str, ...],
    to_nodes: tuple[str, ...],
) -> RecordedRun:
    prepare_input(config)
    # The worker server imports while this process does.
    client = WorkerClient.shared()
    client.warm()
    with Reporter() as reporter:
        from pipelines.runner.local_runner import create_run_id, run_locally
        from pipelines.runs.champion import recover_champion
        from pipelines.runs.recorded_run import load_run
        from pipelines.runs.summaries import summarize_run
        from pipelines.workers.pool import WorkerPool

        layout = config.layout
        lines, champion_version = recover_champion(layout, config.name)
        for line in lines:
            console.print(Text(line), soft_wrap=True)
        run_id = create_run_id(layout, datetime.datetime.now(datetime.timezone.utc))

        def draw_ahead(result: NodeResult) -> None:
            if result.id == NodeId.DATA_GATE:
                reporter.draw_data(layout, run_id)

        with create_display(console) as display:
            done = run_locally(
                config, run_id, WorkerPool(client), display, from_nodes, to_nodes, draw_ahead
            )
        recorded = load_run(layout, run_id)
        summary = summarize_run(recorded, done.results, done.seconds, done.interrupted)
        return RecordedRun(*reporter.conclude(layout, summary), champion_version)
