"""The command line: ``python -m pipelines``.

TensorFlow, TFX and Beam are imported only in the commands that run a node in this process.
"""

from __future__ import annotations

import datetime
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines.config import ConfigError, PipelineConfig, list_environments, load_config
from pipelines.data_layout import DataLayoutError
from pipelines.description import NODE_STAGES
from pipelines.input_data import prepare_input
from pipelines.layout import OutputLayout
from pipelines.local_runner import CompilationError
from pipelines.node_result import ExitCode

_NODE = click.Choice(list(NODE_STAGES))
_DATE = click.DateTime(formats=["%Y-%m-%d"])
_LATEST = "latest"
_PLAIN_WIDTH = 110

_config_option = click.option(
    "--config",
    "source",
    default="local",
    show_default=True,
    metavar="FILE",
    help=f"Environment ({', '.join(list_environments())}) or path of a YAML file.",
)
_set_option = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Set one key of the configuration, such as trainer.seed=7. Can be repeated.",
)
_output_option = click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Output root. [default: output_root of the configuration]",
)
_json_option = click.option(
    "--json",
    "json_path",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    metavar="FILE",
    help="Write the summary as JSON; - for standard output.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """Run and inspect the pipeline.

    Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 data refused, 4 model refused.
    """


@commands.command()
@_config_option
@_set_option
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder of CSV files. [default: data.directory of the configuration]",
)
@click.option("--span", type=_DATE, metavar="DATE", help="Read the span of this first day.")
@_output_option
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
@_json_option
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
    from pipelines.run_display import create_display
    from pipelines.run_summary import summarize_run

    config = _change(load_config(source, overrides), data, span, output)
    console = _create_console(json_path)
    prepare_input(config)
    layout = OutputLayout(config.output_root)
    run_id = create_run_id(layout, datetime.datetime.now(datetime.timezone.utc))
    with create_display(console) as display:
        done = run_locally(config, run_id, display, from_nodes, to_nodes)
    summary = summarize_run(
        layout, done.description, run_id, done.results, done.seconds, done.interrupted
    )
    layout.run(run_id).summary_path.write_text(summary.model_dump_json(indent=2) + "\n")
    print_summary(console, summary)
    _write_json(json_path, summary.model_dump_json(indent=2))
    return summary.verdict.exit_code


@commands.command("compile")
@_config_option
@_set_option
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
@_json_option
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
    _write_json(json_path, result.model_dump_json(indent=2))
    return result.exit_code


@commands.command()
@_config_option
@_set_option
@_output_option
def runs(source: str, overrides: tuple[str, ...], output: Path | None) -> int:
    """List the runs, newest first."""
    from pipelines.run_summary import list_run_ids, load_summary

    layout = OutputLayout(_change(load_config(source, overrides), None, None, output).output_root)
    table = Table("run", "verdict", "seconds", "ran", "cached", "version", "why", box=None)
    for run_id in reversed(list_run_ids(layout)):
        summary = load_summary(layout, run_id)
        cached = sum(node.cached for node in summary.nodes)
        table.add_row(
            summary.run_id,
            summary.verdict.value,
            f"{summary.seconds:.0f}",
            str(sum(node.state.value == "done" for node in summary.nodes)),
            str(cached),
            "" if summary.pushed_version is None else str(summary.pushed_version),
            Text(summary.reason, overflow="ellipsis", no_wrap=True),
        )
    _create_console(None).print(table, highlight=False)
    return ExitCode.DONE


@commands.command()
@click.argument("run_id", metavar="RUN", default=_LATEST)
@_config_option
@_set_option
@_output_option
@_json_option
def show(
    run_id: str,
    source: str,
    overrides: tuple[str, ...],
    output: Path | None,
    json_path: Path | None,
) -> int:
    """Show how a run ended; RUN is a run's id, or latest."""
    from pipelines.ending_screen import print_summary
    from pipelines.run_summary import load_summary

    layout = OutputLayout(_change(load_config(source, overrides), None, None, output).output_root)
    summary = load_summary(layout, None if run_id == _LATEST else run_id)
    print_summary(_create_console(json_path), summary)
    _write_json(json_path, summary.model_dump_json(indent=2))
    return ExitCode.DONE


@commands.command("data")
@_config_option
def data_command(source: str) -> int:
    """Lay the default data out under data/, whole and by quarter."""
    config = load_config(source)
    prepare_input(config)
    click.echo(f"data: {config.input_directory}")
    return ExitCode.DONE


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
    except (CompilationError, DataLayoutError, OSError) as error:
        return _complain(str(error), ExitCode.FAILED)


def _change(
    config: PipelineConfig,
    data: Path | None,
    span: datetime.datetime | None,
    output: Path | None,
) -> PipelineConfig:
    """Apply the options that stand for keys of the configuration; paths are the caller's."""
    changes: dict[str, object] = {}
    if data is not None:
        changes["data"] = config.data.model_copy(update={"directory": data.absolute()})
    if span is not None:
        changes["span"] = span.date()
    if output is not None:
        changes["output_root"] = output.absolute()
    return config.model_copy(update=changes)


def _complain(message: str, code: ExitCode) -> ExitCode:
    click.echo(f"error: {' '.join(message.split())}", err=True)
    return code


def _create_console(json_path: Path | None) -> Console:
    """Print for people where JSON does not go; at a fixed width where there is no terminal."""
    console = Console(stderr=json_path == Path("-"))
    return console if console.is_terminal else Console(stderr=console.stderr, width=_PLAIN_WIDTH)


def _quieten_libraries() -> None:
    """Before TensorFlow is imported: keep its C++ parts from announcing missing GPUs."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def _write_json(path: Path | None, text: str) -> None:
    if path == Path("-"):
        sys.stdout.write(text + "\n")
    elif path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
