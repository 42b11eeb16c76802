"""Commands of the report: ``report``, ``compare`` and ``serve-reports``."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
from rich.table import Table

from pipelines.cli.options import json_option, run_argument, with_config
from pipelines.cli.screen import Screen, add_row, create_table, format_score
from pipelines.config.pipeline_config import PipelineConfig
from pipelines.records.exit_code import ExitCode
from pipelines.report.facts.collection import collect_report
from pipelines.report.model.run_comparison import RunComparison
from pipelines.report.publication import (
    FreedError,
    collect_comparison,
    publish_comparison,
    publish_index,
    publish_report,
)
from pipelines.report.server import LOOPBACK, ReportServer
from pipelines.runs.explanation import shorten

_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY")


@click.command()
@run_argument()
@click.option("--open", "opens", is_flag=True, help="Open the page in the desktop's browser.")
@with_config()
@json_option
def report(config: PipelineConfig, run_id: str | None, opens: bool, screen: Screen) -> int:
    """Write the page of a run; RUN is a run's id, or latest."""
    layout = config.layout
    found = collect_report(layout, run_id)
    try:
        path = publish_report(layout, found)
    except FreedError as error:
        path = layout.report_path(found.run_id)
        click.echo(str(error), err=True)
    if not screen.gives_json_to_stdout:
        click.echo(path)
    screen.write_json(found)
    if opens:
        _open(path)
    return ExitCode.DONE


@click.command()
@click.argument("before", metavar="RUN")
@run_argument("after")
@with_config()
@json_option
def compare(config: PipelineConfig, before: str, after: str | None, screen: Screen) -> int:
    """Compare two runs, on the screen and as a page; the second is the newest if left out."""
    comparison = collect_comparison(config.layout, before, after)
    path = publish_comparison(config.layout, comparison)
    for table in _create_tables(comparison):
        if table.row_count:
            screen.print(table, "")
    screen.print_line(str(path))
    screen.write_json(comparison)
    return ExitCode.DONE


@click.command("serve-reports")
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True)
@click.option(
    "--host",
    default=LOOPBACK,
    show_default=True,
    help="Address to listen on; any but a loopback address lets others read the reports.",
)
@with_config()
def serve_reports(config: PipelineConfig, port: int, host: str) -> int:
    """Serve the pages until Ctrl-C; port 0 takes any free port."""
    layout = config.layout
    # The champion may have been changed by hand since the last run wrote it.
    publish_index(layout)
    with ReportServer(layout.reports_directory, host, port) as server:
        click.echo(f"{server.url} shows {layout.reports_directory}; Ctrl-C ends it")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            click.echo("ended")
    return ExitCode.DONE


def _open(path: Path) -> None:
    """Open a page where there is a desktop; elsewhere its path, printed, has to do."""
    opener = shutil.which("xdg-open")
    if opener and any(os.environ.get(name) for name in _DISPLAYS):
        subprocess.Popen([opener, str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _create_tables(comparison: RunComparison) -> Iterator[Table]:
    table = create_table("", "run", "verdict", "why")
    for place, side in (("before", comparison.before), ("after", comparison.after)):
        run = side.summary
        add_row(table, place, run.run_id, run.verdict.value, run.reason)
    yield table
    table = create_table("metric", "before", "after", "change")
    for metric in comparison.metrics:
        change = "" if metric.change is None else f"{metric.change:+.4f}"
        scores = (format_score(metric.before), format_score(metric.after))
        add_row(table, metric.name, *scores, change)
    yield table
    table = create_table("gate", "slice", "before", "after")
    for gate in comparison.gates:
        if gate.differs:
            outcomes = (one.outcome.words if one else "" for one in (gate.before, gate.after))
            add_row(table, gate.name, gate.slice, *outcomes)
    yield table
    table = create_table("node", "parameter", "before", "after")
    for parameter in comparison.parameters:
        texts = (
            shorten("nothing" if x is None else x) for x in (parameter.before, parameter.after)
        )
        add_row(table, parameter.node, parameter.name, *texts)
    yield table
