"""The command line: ``python -m pipelines``.

TensorFlow, TFX and Beam are imported only in the commands that run a node in this process.
"""

from __future__ import annotations

import datetime
import importlib
from collections.abc import Sequence
from pathlib import Path

import click

from pipelines.cli_options import (
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
from pipelines.config import ConfigError, load_config
from pipelines.description import NODE_STAGES
from pipelines.errors import OperationError
from pipelines.input_data import prepare_input
from pipelines.node_result import ExitCode

_COMMANDS = {
    "compile": "pipelines.cli_schedule:compile_command",
    "node": "pipelines.cli_schedule:node_command",
    "finish": "pipelines.cli_schedule:finish_command",
    "workers": "pipelines.cli_schedule:workers",
    "runs": "pipelines.cli_inspect:runs",
    "show": "pipelines.cli_inspect:show",
    "explain": "pipelines.cli_inspect:explain",
    "gc": "pipelines.cli_inspect:gc",
    "champion": "pipelines.cli_champion:champion",
    "schema": "pipelines.cli_schema:schema",
}
_NODE = click.Choice(list(NODE_STAGES))


class _LazyGroup(click.Group):
    """Imports a command's module when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the commands, those that run something first."""
        return [*super().list_commands(ctx), *_COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Find a command."""
        if cmd_name not in _COMMANDS:
            return super().get_command(ctx, cmd_name)
        module, attribute = _COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """Run and inspect the pipeline.

    Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 data refused, 4 model refused.
    """


@commands.command()
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
    from pipelines.ending_screen import print_summary
    from pipelines.local_runner import create_run_id, run_locally
    from pipelines.run_display import create_display
    from pipelines.run_summary import summarize_run

    config = change_config(load_config(source, overrides), data, span, output, refresh)
    console = create_console(json_path)
    prepare_input(config)
    layout = config.layout
    run_id = create_run_id(layout, datetime.datetime.now(datetime.timezone.utc))
    with create_display(console) as display:
        done = run_locally(config, run_id, display, from_nodes, to_nodes)
    summary = summarize_run(
        layout, done.description, run_id, done.results, done.seconds, done.interrupted
    )
    layout.run(run_id).summary_path.write_text(summary.model_dump_json(indent=2) + "\n")
    print_summary(console, summary)
    write_json(json_path, summary.model_dump_json(indent=2))
    return summary.verdict.exit_code


@commands.command("data")
@config_option
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
    except (OperationError, OSError) as error:
        return _complain(str(error), ExitCode.FAILED)


def _complain(message: str, code: ExitCode) -> ExitCode:
    click.echo(f"error: {' '.join(message.split())}", err=True)
    return code
