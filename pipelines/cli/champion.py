"""Commands on the champion: ``show``, ``reset``, ``rollback``; each change is recorded."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from pipelines.cli.options import (
    change_config,
    config_option,
    create_console,
    json_option,
    output_option,
    set_option,
    write_json,
)
from pipelines.config.pipeline_config import load_config
from pipelines.records.exit_code import ExitCode
from pipelines.runs.champion import ChampionError, ChampionStore, open_champion, recover_champion

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
    """Show the champion, the versions that are there, and every change without a push."""
    with _open_champion(source, overrides, output) as store:
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
    with _open_champion(source, overrides, output) as store:
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
    with _open_champion(source, overrides, output, at_rest=to_version is None) as store:
        change = store.roll_back(reason, to_version)
    click.echo(f"version {change.from_version} serves again, as version {change.version}")
    return ExitCode.DONE


@champion.command("replay")
@click.option(
    "--version",
    type=click.IntRange(min=1),
    metavar="VERSION",
    help="Version to load. [default: the champion's]",
)
@config_option
@set_option
@output_option
@json_option
def replay_champion(
    version: int | None,
    source: str,
    overrides: tuple[str, ...],
    output: Path | None,
    json_path: Path | None,
) -> int:
    """Load a pushed version in a fresh process, and replay the rows that it was judged on."""
    # Here: it imports pandas and SciPy, which the other commands do without.
    from pipelines.runs.serving_replay import replay_version

    config = change_config(load_config(source, overrides), None, None, output)
    lines, _ = recover_champion(config.layout, config.name)
    _say(lines)
    check = replay_version(config.layout, config.name, version)
    console = create_console(json_path)
    verdict = "serves as it was measured" if check.passed else "does not serve as it should"
    console.print(f"version {check.version} {verdict} (run {check.run_id})", highlight=False)
    if check.replay.problem is not None:
        console.print(Text(check.replay.problem))
    table = Table("gate", "value", "limit", "outcome", "why", box=None)
    for gate in check.gates:
        value = "" if gate.value is None else f"{gate.value:.4g}"
        limit = "" if gate.limit is None else f"{gate.limit:.4g}"
        table.add_row(*map(Text, (gate.name, value, limit, gate.outcome.value, gate.reason)))
    console.print(table, highlight=False)
    write_json(json_path, check.model_dump_json(indent=2))
    return check.exit_code


@contextlib.contextmanager
def _open_champion(
    source: str, overrides: tuple[str, ...], output: Path | None, at_rest: bool = False
) -> Iterator[ChampionStore]:
    """Open the champion, once the store says what serves; ``at_rest`` where that must be so."""
    config = change_config(load_config(source, overrides), None, None, output)
    with open_champion(config.layout, config.name) as store:
        recovered = store.recover()
        _say(recovered.lines)
        if at_rest and recovered.change is not None:
            raise ChampionError(
                "the champion was recovered just now, so the one before it may not be what you "
                "mean; see `champion show`, and name a version with --to"
            )
        yield store


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line, err=True)
