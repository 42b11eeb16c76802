"""Render the pages: of a run, of all runs, of two runs side by side."""

from __future__ import annotations

from pipelines.report.run_page import render_run
from pipelines.report.run_report import RunReport


def render_report(report: RunReport) -> str:
    """Render the page of a run.

    Args:
        report: The run.

    Returns:
        One HTML document that needs no other file and no network.
    """
    return render_run(report)
