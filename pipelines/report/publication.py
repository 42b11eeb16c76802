"""Write the pages: of a run, of all runs, of two runs side by side.

A page is written beside its place and moved there, so that nobody ever opens half of one. What
renders pages is imported only when one is rendered.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from components.atomic_write import atomic_write
from components.errors import OperationError
from pipelines.config.layout import OutputLayout
from pipelines.records.errors import UsageError
from pipelines.records.run_summary import RunSummary
from pipelines.report.facts.collection import collect_data_so_far, collect_report
from pipelines.report.facts.comparison_facts import compare_runs
from pipelines.report.facts.index_facts import collect_index
from pipelines.report.model.run_comparison import RunComparison
from pipelines.report.model.run_report import RunReport
from pipelines.runs.summaries import load_listed_summary


class FreedError(Exception):
    """A page would show less than the one that is there, since artifacts were freed."""


def publish_report(layout: OutputLayout, report: RunReport) -> Path:
    """Write a run's page and rewrite the page of all runs; give the path of the former.

    Raises:
        FreedError: If some of the run's artifacts are freed and it has a page already: that page is
            the only one that can ever show them.
        OSError: If a page can't be written.
    """
    with _keep_drawings(layout):
        path = _write_run_page(layout, report)
        publish_index(layout)
    return path


@contextlib.contextmanager
def _keep_drawings(layout: OutputLayout) -> Iterator[None]:
    """Reuse the charts of earlier pages, and keep those of the pages that are written."""
    from pipelines.report.charts.drawing import DRAWINGS

    DRAWINGS.load(layout.drawings_path)
    yield
    # What can't be kept is drawn again.
    with contextlib.suppress(OSError):
        DRAWINGS.save(layout.drawings_path)


def _write_run_page(layout: OutputLayout, report: RunReport) -> Path:
    from pipelines.report.pages.run_page import render_report

    path = layout.report_path(report.run_id)
    freed = sum(output.is_freed for node in report.nodes for output in node.outputs)
    if freed and path.is_file():
        raise FreedError(
            f"{path} stays as it is: {freed} artifacts of the run are freed, so a new page would "
            "show less"
        )
    return write_page(path, render_report(report))


def draw_data_ahead(layout: OutputLayout, run_id: str) -> None:
    """Draw the charts of a run whose DataGate has ended, for its page in this process.

    Raises:
        FileNotFoundError: If there is no such run.
    """
    from pipelines.report.charts.data_charts import draw_distribution
    from pipelines.report.charts.drawing import DRAWINGS

    DRAWINGS.load(layout.drawings_path)
    data = collect_data_so_far(layout, run_id)
    charts = (draw_distribution(one, data) for one in data.features) if data else ()
    for chart in filter(None, charts):
        chart.draw()


def publish_index(layout: OutputLayout) -> Path:
    """Write the page of all runs.

    Raises:
        UsageError: If there are no runs.
        OSError: If the page can't be written.
        UnreadableRecordError: If no run can be read.
    """
    from pipelines.report.pages.index_page import render_index

    return write_page(layout.reports_index_path, render_index(collect_index(layout)))


def publish_comparison(layout: OutputLayout, comparison: RunComparison) -> Path:
    """Write the page of two runs side by side, in the folder of the second one's page.

    Raises:
        OSError: If the page can't be written.
    """
    from pipelines.report.pages.comparison_page import render_comparison

    path = layout.comparison_path(comparison.before.run_id, comparison.after.run_id)
    return write_page(path, render_comparison(comparison))


def collect_comparison(layout: OutputLayout, before: str, after: str | None) -> RunComparison:
    """Gather two runs and their differences; the second is the newest where ``after`` is None.

    Raises:
        UsageError: If there is no such run.
    """
    return compare_runs(collect_report(layout, before), collect_report(layout, after))


def conclude(layout: OutputLayout, summary: RunSummary) -> tuple[RunSummary, str | None]:
    """Save the summary of a run that has just ended, and write its page.

    A page that can't be written does not change the run's verdict.

    Returns:
        The summary with the page's path, and None; or as it was, and why there is no page.
    """
    save_summary(layout, summary)
    named = summary.model_copy(update={"report": str(layout.report_path(summary.run_id))})
    try:
        publish_report(layout, collect_report(layout, summary=named))
    # Whatever fails: the run is done, and must end as it did.
    except (Exception, KeyboardInterrupt) as error:
        reason = " ".join(str(error).split()) or "no reason given"
        return summary, f"no report was written: {type(error).__name__}: {reason}"
    save_summary(layout, named)
    return named, None


def save_summary(layout: OutputLayout, summary: RunSummary) -> None:
    """Write a run's ``summary.json``."""
    path = layout.run(summary.run_id).summary_path
    atomic_write(path, f"{summary.model_dump_json(indent=2)}\n".encode())


def publish_missing(layout: OutputLayout, run_ids: list[str]) -> list[str]:
    """Write the pages of runs that have none, before what they show is freed; then the index once.

    Returns:
        One line per run whose page could not be written.

    Raises:
        OSError: If the index can't be written.
    """
    missing = [run_id for run_id in run_ids if not layout.report_path(run_id).is_file()]
    if not missing:
        return []
    problems = []
    with _keep_drawings(layout):
        for run_id in missing:
            try:
                summary = load_listed_summary(layout, run_id)
                _write_run_page(layout, collect_report(layout, summary=summary))
            except (OperationError, UsageError, OSError, ValueError, LookupError) as error:
                reason = " ".join(str(error).split())
                problems.append(f"run {run_id}: no report was written: {reason}")
        publish_index(layout)
    return problems


def write_page(path: Path, text: str) -> Path:
    """Write a page atomically, and its folder where it is missing; give its path."""
    atomic_write(path, text.encode())
    return path
