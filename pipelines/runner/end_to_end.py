"""A run on this machine from its input check to the summary and page that it leaves."""

from __future__ import annotations

import contextlib
import datetime
import signal
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from pipelines.config.pipeline_config import PipelineConfig
from pipelines.records.nodes import NodeId
from pipelines.report.reporter import Reporter
from pipelines.runner.display import RunDisplay
from pipelines.runner.input_data import prepare_input
from pipelines.workers.client import WorkerClient

if TYPE_CHECKING:
    from pipelines.records.node_result import NodeResult
    from pipelines.records.run_summary import RunSummary


class EndedRun(NamedTuple):
    """A run, why it has no page, if so, and the version that was the champion before it."""

    summary: RunSummary
    problem: str | None
    champion_version: int | None


@contextlib.contextmanager
def _stop_as_by_ctrl_c() -> Iterator[None]:
    """End a run that is terminated, or whose terminal is closed, as by Ctrl-C."""
    if threading.current_thread() is not threading.main_thread():
        # Python delivers signals to the main thread alone.
        yield
        return
    # One that is ignored, as by nohup, stays so.
    ending = [
        number
        for number in (signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) is signal.SIG_DFL
    ]
    for number in ending:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number in ending:
            signal.signal(number, signal.SIG_DFL)


@_stop_as_by_ctrl_c()
def run_and_record(
    config: PipelineConfig,
    display: RunDisplay,
    print_line: Callable[[str], None],
    from_nodes: tuple[str, ...] = (),
    to_nodes: tuple[str, ...] = (),
) -> EndedRun:
    """Run the pipeline, show its progress, and write its summary and page.

    Args:
        display: Shows the progress; entered when the run begins.
        print_line: Prints messages before that.
        from_nodes: Nodes to start from, with the last run's artifacts; empty for all.
        to_nodes: Nodes to end with; empty for all.

    Raises:
        ConfigError: If there is no input.
        CompilationError: If the pipeline could not be compiled.
        WorkerError: If the worker server could not be started.
        DataLayoutError: If the sample data can't be found or written.
        StoreUnavailableError: If the metadata store is a database that can't be reached.
    """
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
        from pipelines.workers.protocol import CompileRequest

        layout = config.layout
        lines, champion_version = recover_champion(layout, config.name)
        for line in lines:
            print_line(line)
        run_id = create_run_id(layout, datetime.datetime.now(datetime.timezone.utc))

        def draw_ahead(result: NodeResult) -> None:
            if result.id == NodeId.DATA_GATE:
                reporter.draw_data(layout, run_id)

        compilation = CompileRequest(
            config=config, run_id=run_id, from_nodes=from_nodes, to_nodes=to_nodes
        )
        with display:
            done = run_locally(compilation, WorkerPool(client), display, draw_ahead)
        recorded = load_run(layout, run_id)
        summary = summarize_run(recorded, done.results, done.seconds, done.interrupted)
        return EndedRun(*reporter.conclude(layout, summary), champion_version)
