"""The command line: ``python -m pipelines``.

TensorFlow, TFX and Beam are imported only in the commands that run a node in this process.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Sequence
from pathlib import Path

import click

from pipelines.champion import ChampionError
from pipelines.cli_champion import champion
from pipelines.cli_inspect import explain, gc, runs, show
from pipelines.cli_options import (
    change_config,
    config_option,
    create_console,
    json_option,
    output_option,
    set_option,
    write_json,
)
from pipelines.cli_report import compare, report, serve_reports
from pipelines.cli_schema import schema
from pipelines.config import ConfigError, load_config
from pipelines.data_layout import DataLayoutError
from pipelines.description import NODE_STAGES
from pipelines.input_data import prepare_input
from pipelines.layout import OutputLayout
from pipelines.local_runner import CompilationError
from pipelines.node_result import ExitCode
from pipelines.retention import RunningError

_NODE = click.Choice(list(NODE_STAGES))
_DATE = click.DateTime(formats=["%Y-%m-%d"])


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """Run and inspect the pipeline.

    Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 data refused, 4 model refused.
    """


@commands.command()
@config_option
@set_option
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder of CSV files. [default: data.directory of the configuration]",
)
@click.option("--span", type=_DATE, metavar="DATE", help="Read the span of this first day.")
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
    output: Path | None,
    from_nodes: tuple[str, ...],
    to_nodes: tuple[str, ...],
    json_path: Path | None,
) -> int:
    """Run the pipeline on this machine."""
    from pipelines.ending_screen import print_summary
    from pipelines.local_runner import create_run_id, run_locally
    from pipelines.report.publication import conclude
    from pipelines.run_display import create_display
    from pipelines.run_summary import summarize_run

    config = change_config(load_config(source, overrides), data, span, output)
    console = create_console(json_path)
    prepare_input(config)
    layout = OutputLayout(config.output_root)
    run_id = create_run_id(layout, datetime.datetime.now(datetime.timezone.utc))
    with create_display(console) as display:
        done = run_locally(config, run_id, display, from_nodes, to_nodes)
    summary = summarize_run(
        layout, done.description, run_id, done.results, done.seconds, done.interrupted
    )
    summary, problem = conclude(layout, summary)
    print_summary(console, summary)
    if problem:
        click.echo(f"warning: {problem}", err=True)
    write_json(json_path, summary.model_dump_json(indent=2))
    return summary.verdict.exit_code


@commands.command("compile")
@config_option
@set_option
@click.option(
    "--ir", "ir_path", type=click.Path(path_type=Path), required=True, help="File for the IR."
)
@click.option(
    "--description",
    "description_path",
    type=click.Path(path_type=Path),
    required=True,
    help="File for nodes, edges, parameters and content hash.",
)
def compile_command(
    source: str, overrides: tuple[str, ...], ir_path: Path, description_path: Path
) -> int:
    """Compile the pipeline to IR JSON plus a small description."""
    config = load_config(source, overrides)
    _quieten_libraries()
    from pipelines.compilation import compile_pipeline, write_compiled

    ir, description = compile_pipeline(config)
    write_compiled(ir, description, ir_path, description_path)
    click.echo(
        f"{ir_path}: {len(description.nodes)} nodes, content {description.content_hash[:12]}"
    )
    return ExitCode.DONE


@commands.command("node")
@click.option(
    "--ir",
    "ir_path",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
    help="Compiled pipeline.",
)
@click.option("--node", "node_id", required=True, metavar="ID", help="Node to run.")
@click.option("--run-id", required=True, metavar="ID", help="Run that it belongs to.")
@json_option
def node_command(ir_path: Path, node_id: str, run_id: str, json_path: Path | None) -> int:
    """Run one node in this process: what a scheduler calls."""
    _quieten_libraries()
    from pipelines.node import run_node
    from pipelines.node_request import NodeRequest
    from pipelines.worker import configure_logging, stop_on_sigterm

    stop_on_sigterm()
    configure_logging()
    try:
        result = run_node(NodeRequest(ir_path, node_id, run_id, None))
    except KeyError as error:
        raise click.UsageError(str(error.args[0])) from error
    for problem in result.problems:
        click.echo(f"{node_id}: {result.state.value}: {problem.message}", err=True)
    write_json(json_path, result.model_dump_json(indent=2))
    return result.exit_code


@commands.command("data")
@config_option
def data_command(source: str) -> int:
    """Lay the default data out under data/, whole and by quarter."""
    config = load_config(source)
    prepare_input(config)
    click.echo(f"data: {config.input_directory}")
    return ExitCode.DONE


for _command in (runs, show, explain, report, compare, serve_reports, gc, champion, schema):
    commands.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: Its words; the process's own by default.

    Returns:
        The exit code.
    """
    try:
        return int(commands.main(arguments, prog_name="python -m pipelines", standalone_mode=False))
    except click.exceptions.Abort:
        return _complain("interrupted", ExitCode.FAILED)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.ClickException as error:
        return _complain(error.format_message(), ExitCode.USAGE)
    except ConfigError as error:
        return _complain(str(error), ExitCode.USAGE)
    except FileNotFoundError as error:
        return _complain(str(error), ExitCode.USAGE)
    except KeyboardInterrupt:
        return _complain("interrupted", ExitCode.FAILED)
    except (ChampionError, CompilationError, DataLayoutError, RunningError, OSError) as error:
        return _complain(str(error), ExitCode.FAILED)


def _complain(message: str, code: ExitCode) -> ExitCode:
    click.echo(f"error: {' '.join(message.split())}", err=True)
    return code


def _quieten_libraries() -> None:
    """Before TensorFlow is imported: keep its C++ parts from announcing missing GPUs."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
