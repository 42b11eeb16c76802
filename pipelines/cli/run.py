"""Commands that run the pipeline on this machine: ``run``, ``backfill``, ``data``.

What sums up is imported when it is needed: a run begins, or a wrong configuration is told, sooner.
"""

from __future__ import annotations

import datetime
from pathlib import Path

import click

from pipelines.cli.options import (
    change_config,
    config_option,
    create_console,
    data_option,
    json_option,
    output_option,
    refresh_option,
    set_option,
    span_option,
    write_json,
)
from pipelines.cli.run_display import create_display
from pipelines.config.pipeline_config import load_config
from pipelines.records.exit_code import ExitCode
from pipelines.records.nodes import NodeId
from pipelines.runner.input_data import lay_out_default_data, prepare_input
from pipelines.runner.recorded_run import run_and_record

_NODE = click.Choice([node.value for node in NodeId])
_DATE = click.DateTime(formats=["%Y-%m-%d"])


@click.command()
@config_option
@set_option
@data_option
@span_option
@refresh_option
@output_option
@click.option(
    "--from",
    "from_nodes",
    type=_NODE,
    multiple=True,
    metavar="NODE",
    help="Start at this node, on the last run's artifacts. Can be repeated.",
)
@click.option(
    "--to",
    "to_nodes",
    type=_NODE,
    multiple=True,
    metavar="NODE",
    help="Stop after this node. Can be repeated.",
)
@json_option
def run(
    source: str,
    overrides: tuple[str, ...],
    data: Path | None,
    span: datetime.datetime | None,
    refresh: bool,
    output: Path | None,
    from_nodes: tuple[str, ...],
    to_nodes: tuple[str, ...],
    json_path: Path | None,
) -> int:
    """Run the pipeline on this machine."""
    config = change_config(load_config(source, overrides), data, span, output, refresh)
    console = create_console(json_path)
    summary, problem, _ = run_and_record(config, console, create_display, from_nodes, to_nodes)
    from pipelines.cli.ending_screen import print_end

    print_end(console, summary, problem)
    write_json(json_path, summary.model_dump_json(indent=2))
    return summary.verdict.exit_code


@click.command()
@config_option
@set_option
@click.option("--from", "first", type=_DATE, metavar="DATE", help="Leave out earlier spans.")
@click.option("--to", "last", type=_DATE, metavar="DATE", help="Leave out later spans.")
@refresh_option
@output_option
@json_option
def backfill(
    source: str,
    overrides: tuple[str, ...],
    first: datetime.datetime | None,
    last: datetime.datetime | None,
    refresh: bool,
    output: Path | None,
    json_path: Path | None,
) -> int:
    """Run the pipeline on every span, oldest first, and end with a table of them.

    A refused span does not end it: the next ones are compared with the last that was accepted.
    """
    config = change_config(load_config(source, overrides), None, None, output, refresh)
    from pipelines.cli.backfill_screen import render_backfill
    from pipelines.cli.ending_screen import print_end
    from pipelines.runner.backfill import (
        BackfillSummary,
        SpanOutcome,
        choose_spans,
        describe_outcome,
    )

    console = create_console(json_path)
    lay_out_default_data(config.spans_directory)
    outcomes: list[SpanOutcome] = []
    for span in choose_spans(config, first and first.date(), last and last.date()):
        console.rule(f"span {span}", align="left")
        summary, problem, champion_version = run_and_record(
            config.model_copy(update={"span": span}), console, create_display
        )
        print_end(console, summary, problem)
        outcomes.append(describe_outcome(span, summary, champion_version))
        if summary.interrupted:
            break
    done = BackfillSummary(spans=tuple(outcomes))
    console.rule("backfill", align="left")
    console.print(render_backfill(done), highlight=False)
    write_json(json_path, done.model_dump_json(indent=2))
    return done.exit_code


@click.command("data")
@config_option
def data_command(source: str) -> int:
    """Lay the sample data out under data/, whole and cut into spans."""
    config = load_config(source)
    prepare_input(config)
    click.echo(f"data: {config.input_directory}")
    return ExitCode.DONE
