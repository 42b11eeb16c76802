"""Render the pages: of a run, of all runs, of two runs side by side.

Each is one HTML document that opens from disk: it needs no other file, no network and no script to
be read.
"""

from __future__ import annotations

from pipelines.report.charts.drawing import start_engine
from pipelines.report.model.data_report import DataReport
from pipelines.report.model.run_comparison import RunComparison
from pipelines.report.model.run_index import RunIndex
from pipelines.report.model.run_report import RunReport
from pipelines.report.pages.comparison_page import render_two_runs
from pipelines.report.pages.index_page import render_all_runs
from pipelines.report.pages.run_page import describe_data, render_run
from pipelines.report.pages.templating import compile_templates


def prepare_pages() -> None:
    """Start the charts' engine and compile the templates, so that the first page takes less."""
    start_engine()
    compile_templates()


def draw_data(data: DataReport) -> None:
    """Draw the charts of a run's data, which are kept until this process renders the run's page."""
    describe_data(data)


def render_report(report: RunReport) -> str:
    """Render the page of a run, for ``reports/<run_id>/index.html``."""
    return render_run(report)


def render_index(index: RunIndex) -> str:
    """Render the page of all runs, for ``reports/index.html``."""
    return render_all_runs(index)


def render_comparison(comparison: RunComparison) -> str:
    """Render the page of two runs side by side, for a folder beside those of the runs."""
    return render_two_runs(comparison)
