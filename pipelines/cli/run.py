"""Commands that run the pipeline on this machine: ``run``, ``backfill``, ``data``.

What summarizes is imported when it is needed: a run begins, or reports a wrong configuration,
sooner.
"""

from __future__ import annotations

import datetime

import click

from pipelines.cli.options import DATE, json_option, with_config
from pipelines.cli.run_display import create_display
from pipelines.cli.screen import Screen
from pipelines.config.pipeline_config import PipelineConfig
from pipelines.records.exit_code import ExitCode
from pipelines.records.nodes import NodeId
from pipelines.runner.end_to_end import run_and_record
from pipelines.runner.input_data import lay_out_default_data, prepare_input

_NODE = click.Choice([node.value for node in NodeId])


@click.command()
@with_config("data", "span", "refresh")
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
    config: PipelineConfig, from_nodes: tuple[str, ...], to_nodes: tuple[str, ...], screen: Screen
) -> int:
    """Run the pipeline on this machine."""
    display = create_display(screen.console)
    ended = run_and_record(config, display, screen.print_line, from_nodes, to_nodes)
    from pipelines.cli.ending_screen import print_summary

    print_summary(screen.console, ended.summary, ended.problem)
    screen.write_json(ended.summary)
    return ended.summary.verdict.exit_code


@click.command()
@with_config("refresh")
@click.option("--from", "first", type=DATE, metavar="DATE", help="Leave out earlier spans.")
@click.option("--to", "last", type=DATE, metavar="DATE", help="Leave out later spans.")
@json_option
def backfill(
    config: PipelineConfig,
    first: datetime.datetime | None,
    last: datetime.datetime | None,
    screen: Screen,
) -> int:
    """Run the pipeline on every span, oldest first, and end with a table of them.

    A refused span does not end it: the next ones are compared with the last that was accepted.
    """
    from pipelines.cli.backfill_screen import render_backfill
    from pipelines.cli.ending_screen import print_summary
    from pipelines.runner.backfill import (
        BackfillSummary,
        SpanOutcome,
        choose_spans,
        describe_outcome,
    )

    console = screen.console
    lay_out_default_data(config.spans_directory)
    outcomes: list[SpanOutcome] = []
    for span in choose_spans(config, first and first.date(), last and last.date()):
        console.rule(f"span {span}", align="left")
        summary, problem, champion_version = run_and_record(
            config.model_copy(update={"span": span}), create_display(console), screen.print_line
        )
        print_summary(console, summary, problem)
        outcomes.append(describe_outcome(span, summary, champion_version))
        if summary.interrupted:
            break
    done = BackfillSummary(spans=tuple(outcomes))
    console.rule("backfill", align="left")
    screen.print(render_backfill(done))
    screen.write_json(done)
    return done.exit_code


@click.command("data")
@with_config()
def data_command(config: PipelineConfig) -> int:
    """Write the sample data under data/, whole and cut into spans."""
    prepare_input(config)
    click.echo(f"data: {config.input_directory}")
    return ExitCode.DONE
