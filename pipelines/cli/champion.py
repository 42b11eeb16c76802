"""Commands on the champion: ``show``, ``reset``, ``rollback``, ``replay``; changes are recorded."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import click

from pipelines.cli.options import json_option, with_config
from pipelines.cli.screen import Screen, add_row, create_table, print_to_stderr
from pipelines.config.pipeline_config import PipelineConfig
from pipelines.records.exit_code import ExitCode
from pipelines.runs.champion import ChampionError, ChampionStore, open_champion, recover_champion

_ABSOLUTE_GATES = "the next model is judged by absolute gates alone"
_VERSION = click.IntRange(min=1)
_reason_option = click.option(
    "--reason", required=True, metavar="TEXT", help="Why; recorded with who and when."
)


@click.group()
def champion() -> None:
    """Show or change the model that candidates are compared with."""


@champion.command("show")
@with_config()
@json_option
def show_champion(config: PipelineConfig, screen: Screen) -> int:
    """Show the champion, the versions in place, and every change made without a push."""
    with _open_champion(config) as store:
        state = store.show()
    if state.model_id is None:
        screen.print(f"no champion: {_ABSOLUTE_GATES}")
    else:
        screen.print(f"champion: version {state.version}, model artifact {state.model_id}")
    versions = ", ".join(map(str, state.serving_versions)) or "none"
    screen.print(f"versions in place: {versions}")
    if state.changes:
        table = create_table("when", "what", "version", "who", "reason")
        for change in state.changes:
            add_row(
                table, change.when, change.action.value, change.version, change.who, change.reason
            )
        screen.print(table)
    screen.write_json(state)
    return ExitCode.DONE


@champion.command()
@_reason_option
@with_config()
def reset(config: PipelineConfig, reason: str) -> int:
    """Have no champion: the next model is judged by absolute gates alone. What serves stays."""
    with _open_champion(config) as store:
        store.reset(reason)
    click.echo(f"champion reset: {_ABSOLUTE_GATES}")
    return ExitCode.DONE


@champion.command()
@click.option(
    "--to",
    "to_version",
    type=_VERSION,
    metavar="VERSION",
    help="Version to go back to. [default: the one before the champion's]",
)
@_reason_option
@with_config()
def rollback(config: PipelineConfig, to_version: int | None, reason: str) -> int:
    """Serve an earlier version again, as the newest version, and make it the champion."""
    with _open_champion(config, at_rest=to_version is None) as store:
        change = store.roll_back(reason, to_version)
    click.echo(f"version {change.from_version} serves again, as version {change.version}")
    return ExitCode.DONE


@champion.command("replay")
@click.option(
    "--version", type=_VERSION, metavar="VERSION", help="Version to load. [default: the champion's]"
)
@with_config()
@json_option
def replay_champion(config: PipelineConfig, version: int | None, screen: Screen) -> int:
    """Load a pushed version in a fresh process and replay the rows that it was judged on."""
    # Here: it imports pandas and SciPy, which the other commands do without.
    from pipelines.runs.serving_replay import replay_version

    lines, _ = recover_champion(config.layout, config.name)
    print_to_stderr(lines)
    check = replay_version(config.layout, config.name, version)
    verdict = "serves as it was measured" if check.passed else "does not serve as it was measured"
    screen.print(f"version {check.version} {verdict} (run {check.run_id})")
    if check.replay.problem is not None:
        screen.print(check.replay.problem)
    table = create_table("gate", "value", "limit", "outcome", "why", right=("value", "limit"))
    for gate in check.gates:
        numbers = ("" if x is None else f"{x:.4g}" for x in (gate.value, gate.limit))
        add_row(table, gate.name, *numbers, gate.outcome.words, gate.reason)
    screen.print(table)
    screen.write_json(check)
    return check.exit_code


@contextlib.contextmanager
def _open_champion(config: PipelineConfig, at_rest: bool = False) -> Iterator[ChampionStore]:
    """Open the champion, recovered if need be; with ``at_rest``, a recovery is an error."""
    with open_champion(config.layout, config.name) as store:
        recovered = store.recover()
        print_to_stderr(recovered.lines)
        if at_rest and recovered.change is not None:
            raise ChampionError(
                "the champion was recovered just now, so the one before it may not be what you "
                "mean; see `champion show`, and name a version with --to"
            )
        yield store
