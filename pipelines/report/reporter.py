"""A process that stands ready to write a run's page: the charts' engine takes a second to start.

Light: it is started before the run's own process has imported what runs, and ``reporter_process``
imports what renders.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from typing import TYPE_CHECKING

from pipelines.config import CODE_ROOT
from pipelines.layout import OutputLayout

if TYPE_CHECKING:
    from pipelines.run_summary import RunSummary

_PROCESS_MODULE = "pipelines.report.reporter_process"


class Reporter:
    """Starts the process; use it in a ``with`` statement, at whose end it has ended."""

    def __init__(self) -> None:
        """Start the process; it gets ready in the background."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", _PROCESS_MODULE],
            cwd=CODE_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # What goes wrong there goes wrong here too, and is told.
            stderr=subprocess.DEVNULL,
        )

    def __enter__(self) -> Reporter:
        """Give the reporter."""
        return self

    def __exit__(self, *exception: object) -> None:
        """End the process."""
        self._process.kill()
        with self._process:
            pass  # waits for the end, and closes the pipes

    def draw_data(self, layout: OutputLayout, run_id: str) -> None:
        """Have the charts of a run's data drawn while the run goes on.

        Args:
            layout: Where runs are kept.
            run_id: The run, whose DataGate has ended.
        """
        from pipelines.report.reporter_protocol import DrawRequest

        request = DrawRequest(layout=layout, run_id=run_id)
        # A process that is gone is noticed when the page is to be written.
        if (stdin := self._process.stdin) is not None:
            with contextlib.suppress(OSError):
                stdin.write(request.model_dump_json().encode() + b"\n")
                stdin.flush()

    def conclude(self, layout: OutputLayout, summary: RunSummary) -> tuple[RunSummary, str | None]:
        """Keep a run's summary and write its page, as ``publication.conclude`` does; once.

        Args:
            layout: Where runs are kept.
            summary: How the run ended.

        Returns:
            The summary with the page's path, and None; or as it was, and why there is no page.
        """
        import pydantic

        from pipelines.report.publication import conclude, keep_summary
        from pipelines.report.reporter_protocol import ReportReply, ReportRequest

        request = ReportRequest(layout=layout, summary=summary)
        try:
            told, _ = self._process.communicate(request.model_dump_json().encode() + b"\n")
            reply = ReportReply.model_validate_json(told)
        except KeyboardInterrupt:
            self._process.kill()
            keep_summary(layout, summary)
            return summary, "no report was written: interrupted"
        except (OSError, pydantic.ValidationError):
            return conclude(layout, summary)
        return reply.summary, reply.problem
