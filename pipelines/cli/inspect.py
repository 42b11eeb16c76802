"""Commands that look at runs: ``runs``, ``show``, ``explain``; and ``gc``, which frees old ones."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from pathlib import Path

import click
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from components.record_file import UnreadableRecordError
from pipelines.cli.ending_screen import print_summary, render_gates
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
from pipelines.config.layout import OutputLayout
from pipelines.metadata.run_store import open_run_store
from pipelines.records.exit_code import ExitCode
from pipelines.records.node_result import NodeState
from pipelines.report.publication import publish_missing
from pipelines.runs.champion import ChampionChangeRecord, ChampionStore
from pipelines.runs.explanation import RunExplanation, explain_run
from pipelines.runs.recorded_run import load_run
from pipelines.runs.retention import Freed, find_garbage, free
from pipelines.runs.run_list import RunList, find_run_id, list_runs
from pipelines.runs.summaries import find_summary, load_listed_summary, load_summary

_TimedRow = tuple[datetime.datetime, tuple[str, ...]]


@click.command()
@config_option
@set_option
@output_option
def runs(source: str, overrides: tuple[str, ...], output: Path | None) -> int:
    """List the runs and the changes of the champion, newest first."""
    layout = find_layout(source, overrides, output)
    table = Table("run", "verdict", "seconds", "ran", "cached", "version", "why", box=None)
    # A run's name is what the other commands are given: it is never cut.
    table.columns[0].no_wrap = True
    found = list_runs(layout)
    rows = [*_list_runs(layout, found), *_list_changes(layout, found)]
    for _, (name, *cells, why) in sorted(rows, reverse=True):
        table.add_row(*map(Text, (name, *cells)), Text(why, overflow="ellipsis", no_wrap=True))
    create_console().print(table, highlight=False)
    return ExitCode.DONE


@click.command()
@run_argument
@config_option
@set_option
@output_option
@json_option
def show(
    run_id: str,
    source: str,
    overrides: tuple[str, ...],
    output: Path | None,
    json_path: Path | None,
) -> int:
    """Show how a run ended; RUN is a run's id, or latest."""
    layout = find_layout(source, overrides, output)
    summary = load_summary(layout, _name_run(run_id))
    print_summary(create_console(json_path), summary)
    write_json(json_path, summary.model_dump_json(indent=2))
    return ExitCode.DONE


@click.command()
@run_argument
@config_option
@set_option
@output_option
@json_option
def explain(
    run_id: str,
    source: str,
    overrides: tuple[str, ...],
    output: Path | None,
    json_path: Path | None,
) -> int:
    """Say why a model was or was not pushed, and why a node was or was not cached."""
    layout = find_layout(source, overrides, output)
    recorded = load_run(layout, find_run_id(layout, _name_run(run_id)))
    explanation = explain_run(recorded, find_summary(recorded))
    create_console(json_path).print(_render(explanation), highlight=False)
    write_json(json_path, explanation.model_dump_json(indent=2))
    return ExitCode.DONE


@click.command()
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    required=True,
    metavar="N",
    help="Keep what the newest N runs read or made.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be freed, and free nothing.")
@config_option
@set_option
@output_option
def gc(
    keep: int, dry_run: bool, source: str, overrides: tuple[str, ...], output: Path | None
) -> int:
    """Free the files of old runs, never those blessed, pushed or needed by a cached result."""
    layout = find_layout(source, overrides, output)
    found = list_runs(layout)
    _warn(found.unreadable.values())
    if not found.runs:
        click.echo("no runs, nothing to free")
        return ExitCode.DONE
    run_ids = found.run_ids
    if not dry_run:
        # What is freed can't be shown any more, so the pages are written first; they stay.
        _warn(publish_missing(layout, run_ids[:-keep]))
    with open_run_store(layout.metadata_store, found.runs[-1].pipeline) as store:
        # A run of unknown age may be one of the newest.
        garbage = find_garbage(store, layout, [*found.unreadable, *run_ids[-keep:]])
        if not dry_run:
            free(store, garbage)
    _print_freed(garbage, dry_run)
    return ExitCode.DONE


def _name_run(run_id: str) -> str | None:
    return None if run_id == LATEST else run_id


def _warn(problems: Iterable[str]) -> None:
    for problem in problems:
        click.echo(f"warning: {problem}", err=True)


def _list_runs(layout: OutputLayout, found: RunList) -> list[_TimedRow]:
    rows: list[_TimedRow] = []
    problems = list(found.unreadable.values())
    for run in found.runs:
        try:
            summary = load_listed_summary(layout, run.run_id)
        except UnreadableRecordError as error:
            problems.append(str(error))
            continue
        cells = (
            summary.run_id,
            summary.verdict.value,
            f"{summary.seconds:.0f}",
            str(sum(node.state is NodeState.DONE for node in summary.nodes)),
            str(sum(node.cached for node in summary.nodes)),
            "" if summary.pushed_version is None else str(summary.pushed_version),
            summary.reason,
        )
        rows.append((run.compiled_at, cells))
    _warn(problems)
    return rows


def _list_changes(layout: OutputLayout, found: RunList) -> list[_TimedRow]:
    if not found.runs:
        return []
    pipeline = found.runs[-1].pipeline
    with open_run_store(layout.metadata_store, pipeline) as store:
        state = ChampionStore(store, layout).show()
    return [_describe_change(change) for change in state.changes]


def _describe_change(change: ChampionChangeRecord) -> _TimedRow:
    """Give a change of the champion a row, with its time as runs made by hand are named."""
    when = datetime.datetime.fromisoformat(change.when)
    version = "" if change.version is None else str(change.version)
    name = f"{when:%Y%m%dT%H%M%SZ}"
    why = f"{change.who}: {change.reason}"
    return when, (name, f"champion {change.action.value}", "", "", "", version, why)


def _render(explanation: RunExplanation) -> RenderableType:
    title = explanation.verdict.value.replace("_", " ").upper()
    parts: list[RenderableType] = [Text(f"{title}  {explanation.reason}", style="bold")]
    judged = (*explanation.refusing_gates, *explanation.not_passed_gates)
    if judged:
        parts.append(render_gates(judged))
    table = Table("node", "state", "why", box=None, pad_edge=False, header_style="dim")
    for node in explanation.nodes:
        table.add_row(Text(node.id), Text(node.state.value), Text(node.why))
        for difference in node.differences:
            what = f"{difference.name}: {difference.before} → {difference.after}"
            table.add_row("", "", Text(what, style="dim"))
    parts += [Text(), table]
    return Group(*parts)


def _print_freed(garbage: list[Freed], dry_run: bool) -> None:
    table = Table("artifact", "type", "MB", "folder", box=None)
    for freed in garbage:
        table.add_row(
            str(freed.artifact_id), freed.type, f"{freed.size_bytes / 1e6:.1f}", Text(freed.path)
        )
    if garbage:
        create_console().print(table, highlight=False)
    total_mb = sum(freed.size_bytes for freed in garbage) / 1e6
    click.echo(
        f"{'would free' if dry_run else 'freed'} {len(garbage)} artifacts, {total_mb:.1f} MB"
    )
