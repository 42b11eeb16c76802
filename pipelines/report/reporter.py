"""A process that stands ready to write a run's page: the charts' engine takes a second to start.

Light: it is started before the run's own process has imported what runs.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, NoReturn

from pipelines.config.layout import OutputLayout

if TYPE_CHECKING:
    from pipelines.records.run_summary import RunSummary


class Reporter:
    """Starts the process; a ``with`` statement ends it."""

    def __init__(self) -> None:
        """Start the process; it gets ready in the background."""
        # Spawned: this process may have threads.
        self._pool = ProcessPoolExecutor(
            1, mp_context=multiprocessing.get_context("spawn"), initializer=_begin
        )
        self._pool.submit(_get_ready)

    def __enter__(self) -> Reporter:
        """Give the reporter."""
        return self

    def __exit__(self, *exception: object) -> None:
        """End the process, once it has finished what it draws."""
        self._pool.shutdown(cancel_futures=True)

    def draw_data(self, layout: OutputLayout, run_id: str) -> None:
        """Have the charts of a run's data drawn while the run goes on, once DataGate has ended."""
        # A process that is gone is noticed when the page is to be written, and what fails to be
        # drawn fails again then.
        with contextlib.suppress(BrokenProcessPool):
            self._pool.submit(_draw_data, layout, run_id)

    def conclude(self, layout: OutputLayout, summary: RunSummary) -> tuple[RunSummary, str | None]:
        """Save a run's summary and write its page, as ``publication.conclude`` does; once."""
        from pipelines.report.publication import conclude

        try:
            written = self._pool.submit(conclude, layout, summary)
            try:
                return written.result()
            except KeyboardInterrupt:
                # The page takes a second; a second Ctrl-C ends the wait.
                return written.result()
        except BrokenProcessPool:
            return conclude(layout, summary)


def _begin() -> None:
    """In the process: leave Ctrl-C to the run, which reports how it ended, and end with the run."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> NoReturn:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _get_ready() -> None:
    from pipelines.report.charts.drawing import start_engine
    from pipelines.report.pages.templating import compile_templates

    start_engine()
    compile_templates()


def _draw_data(layout: OutputLayout, run_id: str) -> None:
    from pipelines.report.publication import draw_data_ahead

    draw_data_ahead(layout, run_id)
