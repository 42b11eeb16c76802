"""Commands on the champion: ``show``, ``reset``, ``rollback``; each change is recorded."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from pipelines.champion import ChampionStore
from pipelines.cli_options import (
    config_option,
    create_console,
    find_layout,
    json_option,
    output_option,
    set_option,
    write_json,
)
from pipelines.description import read_description
from pipelines.layout import OutputLayout
from pipelines.metadata_store import open_run_store
from pipelines.node_result import ExitCode
from pipelines.run_summary import list_run_ids

_reason_option = click.option(
    "--reason", required=True, metavar="TEXT", help="Why; kept with who and when."
)


@click.group()
def champion() -> None:
    """Show or change the model that candidates are compared with."""


@champion.command("show")
@config_option
@set_option
@output_option
@json_option
def show_champion(
    source: str, overrides: tuple[str, ...], output: Path | None, json_path: Path | None
) -> int:
    """Show the champion, the versions that are there, and every change a person made."""
    with _open_champion(find_layout(source, overrides, output)) as store:
        state = store.show()
    console = create_console(json_path)
    if state.model_id is None:
        console.print("no champion: the next model is judged by absolute gates alone")
    else:
        console.print(f"champion: version {state.version}, model artifact {state.model_id}")
    versions = ", ".join(map(str, state.serving_versions)) or "none"
    console.print(f"versions in place: {versions}", highlight=False)
    table = Table("when", "what", "version", "who", "reason", box=None)
    for change in state.changes:
        version = "" if change.version is None else str(change.version)
        table.add_row(*map(Text, (change.when, change.action, version, change.who, change.reason)))
    if state.changes:
        console.print(table, highlight=False)
    write_json(json_path, state.model_dump_json(indent=2))
    return ExitCode.DONE


@champion.command()
@_reason_option
@config_option
@set_option
@output_option
def reset(reason: str, source: str, overrides: tuple[str, ...], output: Path | None) -> int:
    """Have no champion: the next model is judged by absolute gates alone. What serves stays."""
    with _open_champion(find_layout(source, overrides, output)) as store:
        store.reset(reason)
    click.echo("champion reset: the next model is judged by absolute gates alone")
    return ExitCode.DONE


@champion.command()
@click.option(
    "--to",
    "to_version",
    type=click.IntRange(min=1),
    metavar="VERSION",
    help="Version to go back to. [default: the one before the champion's]",
)
@_reason_option
@config_option
@set_option
@output_option
def rollback(
    to_version: int | None,
    reason: str,
    source: str,
    overrides: tuple[str, ...],
    output: Path | None,
) -> int:
    """Serve an earlier version again, as the newest version, and make it the champion."""
    with _open_champion(find_layout(source, overrides, output)) as store:
        change = store.roll_back(reason, to_version)
    click.echo(f"version {change.from_version} serves again, as version {change.version}")
    return ExitCode.DONE


@contextlib.contextmanager
def _open_champion(layout: OutputLayout) -> Iterator[ChampionStore]:
    run_ids = list_run_ids(layout)
    if not run_ids:
        raise FileNotFoundError(f"no runs in {layout.runs_directory}, so there is no champion")
    name = read_description(layout.run(run_ids[-1]).description_path).name
    with open_run_store(layout.metadata_store, name) as runs:
        yield ChampionStore(runs.store, name, layout)
