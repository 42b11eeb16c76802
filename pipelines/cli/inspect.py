"""Commands that look at runs: ``runs``, ``show``, ``explain``; and ``gc``, which frees old ones."""

from __future__ import annotations

import datetime
import operator
from collections.abc import Iterable

import click
from rich.console import RenderableType
from rich.text import Text

from components.record_file import UnreadableRecordError
from pipelines.cli.ending_screen import print_summary, render_gates
from pipelines.cli.options import json_option, run_argument, with_config
from pipelines.cli.screen import Screen, add_row, create_table, print_to_stderr, render_headline
from pipelines.config.layout import OutputLayout
from pipelines.config.pipeline_config import PipelineConfig
from pipelines.metadata.run_store import open_run_store
from pipelines.records.exit_code import ExitCode
from pipelines.records.node_result import NodeState
from pipelines.report.publication import publish_missing
from pipelines.runs.champion import open_champion
from pipelines.runs.explanation import RunExplanation, explain_run
from pipelines.runs.recorded_run import load_run
from pipelines.runs.retention import Freed, find_garbage, free
from pipelines.runs.run_list import RunList, find_run_id, list_runs
from pipelines.runs.summaries import find_summary, load_listed_summary, load_summary

_TimedRow = tuple[datetime.datetime, tuple[str | int | None, ...]]


@click.command()
@with_config()
def runs(config: PipelineConfig) -> int:
    """List the runs and the changes of the champion, newest first."""
    found = list_runs(config.layout)
    # A run's name is what the other commands are given: it is never cut.
    headers = ("run", "verdict", "seconds", "ran", "cached", "version", "why")
    table = create_table(*headers, no_wrap=("run",))
    rows = [*_list_runs(config.layout, found), *_list_changes(config.layout, found)]
    for _, (*cells, why) in sorted(rows, key=operator.itemgetter(0), reverse=True):
        add_row(table, *cells, Text(str(why), overflow="ellipsis", no_wrap=True))
    Screen().print(table)
    return ExitCode.DONE


@click.command()
@run_argument()
@with_config()
@json_option
def show(config: PipelineConfig, run_id: str | None, screen: Screen) -> int:
    """Show how a run ended; RUN is a run's id, or latest."""
    summary = load_summary(config.layout, run_id)
    print_summary(screen.console, summary)
    screen.write_json(summary)
    return ExitCode.DONE


@click.command()
@run_argument()
@with_config()
@json_option
def explain(config: PipelineConfig, run_id: str | None, screen: Screen) -> int:
    """Explain why a model was or was not pushed, and why each node was or was not cached."""
    recorded = load_run(config.layout, find_run_id(config.layout, run_id))
    explanation = explain_run(recorded, find_summary(recorded))
    screen.print(*_render(explanation))
    screen.write_json(explanation)
    return ExitCode.DONE


@click.command()
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    required=True,
    metavar="N",
    help="Keep what the newest N runs read or wrote.",
)
@click.option("--dry-run", is_flag=True, help="Print what would be freed, and free nothing.")
@with_config()
def gc(config: PipelineConfig, keep: int, dry_run: bool) -> int:
    """Free the files of old runs, but none that is blessed, pushed or needed by a cached result."""
    layout = config.layout
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


def _warn(problems: Iterable[str]) -> None:
    print_to_stderr(f"warning: {problem}" for problem in problems)


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
            sum(node.state is NodeState.DONE for node in summary.nodes),
            sum(node.cached for node in summary.nodes),
            summary.pushed_version,
            summary.reason,
        )
        rows.append((run.compiled_at, cells))
    _warn(problems)
    return rows


def _list_changes(layout: OutputLayout, found: RunList) -> list[_TimedRow]:
    """List the changes of the champion as rows, named by their time as runs are."""
    if not found.runs:
        return []
    with open_champion(layout, found.runs[-1].pipeline) as store:
        changes = store.show().changes
    rows: list[_TimedRow] = []
    for change in changes:
        when = datetime.datetime.fromisoformat(change.when)
        name, what = f"{when:%Y%m%dT%H%M%SZ}", f"champion {change.action.value}"
        why = f"{change.who}: {change.reason}"
        rows.append((when, (name, what, "", "", "", change.version, why)))
    return rows


def _render(explanation: RunExplanation) -> list[RenderableType]:
    parts: list[RenderableType] = [render_headline(explanation.verdict, explanation.reason)]
    judged = (*explanation.refusing_gates, *explanation.not_passed_gates)
    if judged:
        parts.append(render_gates(judged))
    table = create_table("node", "state", "why")
    for node in explanation.nodes:
        add_row(table, node.id, node.state.value, node.why)
        for difference in node.differences:
            what = f"{difference.name}: {difference.before} → {difference.after}"
            add_row(table, "", "", what, style="dim")
    return [*parts, "", table]


def _print_freed(garbage: list[Freed], dry_run: bool) -> None:
    table = create_table("artifact", "type", "MB", "folder", right=("MB",))
    for freed in garbage:
        add_row(table, freed.artifact_id, freed.type, f"{freed.size_bytes / 1e6:.1f}", freed.path)
    if garbage:
        Screen().print(table)
    total_mb = sum(freed.size_bytes for freed in garbage) / 1e6
    verb = "would free" if dry_run else "freed"
    click.echo(f"{verb} {len(garbage)} artifacts, {total_mb:.1f} MB")
