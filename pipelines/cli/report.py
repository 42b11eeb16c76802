"""Commands of the report: ``report``, ``compare`` and ``serve-reports``."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import click
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipelines.cli.options import (
    LATEST,
    config_option,
    create_console,
    find_layout,
    json_option,
    output_option,
    run_argument,
    set_option,
    write_json,
)
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

_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY")


@click.command()
@run_argument
@click.option("--open", "opens", is_flag=True, help="Open the page in the desktop's browser.")
@config_option
@set_option
@output_option
@json_option
def report(
    run_id: str,
    opens: bool,
    source: str,
    overrides: tuple[str, ...],
    output: Path | None,
    json_path: Path | None,
) -> int:
    """Write the page of a run; RUN is a run's id, or latest."""
    layout = find_layout(source, overrides, output)
    found = collect_report(layout, None if run_id == LATEST else run_id)
    try:
        path = publish_report(layout, found)
    except FreedError as error:
        path = layout.report_path(found.run_id)
        click.echo(str(error), err=True)
    if json_path != Path("-"):
        click.echo(path)
    write_json(json_path, found.model_dump_json(indent=2))
    if opens:
        _open(path)
    return ExitCode.DONE


@click.command()
@click.argument("before", metavar="RUN")
@click.argument("after", metavar="RUN", default=LATEST)
@config_option
@set_option
@output_option
@json_option
def compare(
    before: str,
    after: str,
    source: str,
    overrides: tuple[str, ...],
    output: Path | None,
    json_path: Path | None,
) -> int:
    """Lay two runs side by side, as a page too; the second is the newest if left out."""
    layout = find_layout(source, overrides, output)
    comparison = collect_comparison(layout, before, None if after == LATEST else after)
    path = publish_comparison(layout, comparison)
    console = create_console(json_path)
    console.print(_render(comparison), highlight=False)
    console.print(Text(str(path)), soft_wrap=True)
    write_json(json_path, comparison.model_dump_json(indent=2))
    return ExitCode.DONE


@click.command("serve-reports")
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True)
@click.option(
    "--host",
    default=LOOPBACK,
    show_default=True,
    help="Address to listen at; any but a loopback address lets others read the reports.",
)
@config_option
@set_option
@output_option
def serve_reports(
    port: int, host: str, source: str, overrides: tuple[str, ...], output: Path | None
) -> int:
    """Serve the pages until Ctrl-C; port 0 is any that is free."""
    layout = find_layout(source, overrides, output)
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


def _render(comparison: RunComparison) -> RenderableType:
    before, after = comparison.before.summary, comparison.after.summary
    runs = Table("", "run", "verdict", "why", box=None, pad_edge=False, header_style="dim")
    for place, run in (("before", before), ("after", after)):
        runs.add_row(place, run.run_id, run.verdict.value, Text(run.reason))
    metrics = Table(
        "metric", "before", "after", "change", box=None, pad_edge=False, header_style="dim"
    )
    for metric in comparison.metrics:
        change = "" if metric.change is None else f"{metric.change:+.4f}"
        metrics.add_row(metric.name, _format(metric.before), _format(metric.after), change)
    gates = Table("gate", "slice", "before", "after", box=None, pad_edge=False, header_style="dim")
    for gate in comparison.gates:
        if gate.differs:
            outcomes = (one.outcome.value if one else "" for one in (gate.before, gate.after))
            gates.add_row(Text(gate.name), Text(gate.slice), *outcomes)
    settings = Table(
        "node", "parameter", "before", "after", box=None, pad_edge=False, header_style="dim"
    )
    for parameter in comparison.parameters:
        texts = (_shorten(text) for text in (parameter.before, parameter.after))
        settings.add_row(parameter.node, Text(parameter.name), *map(Text, texts))
    tables = [table for table in (runs, metrics, gates, settings) if table.row_count]
    return Group(*(part for table in tables for part in (table, Text())))


def _format(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _shorten(text: str | None, most: int = 32) -> str:
    if text is None:
        return "nothing"
    return text if len(text) <= most else f"{text[: most - 1]}…"
