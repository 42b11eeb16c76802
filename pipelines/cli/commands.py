"""The command line: ``python -m pipelines``, also installed as ``tfx-pipelines``.

TensorFlow, TFX and Beam are imported by worker processes, and by ``compile --ir``, which does
without one.
"""

from __future__ import annotations

import importlib
import logging
import os
from collections.abc import Sequence

import click

from components.errors import OperationError
from pipelines import __version__
from pipelines.records.errors import UsageError
from pipelines.records.exit_code import ExitCode

_COMMANDS = {
    "run": ("pipelines.cli.run:run", "Run the pipeline on this machine."),
    "backfill": ("pipelines.cli.run:backfill", "Run the pipeline on every span, oldest first."),
    "data": ("pipelines.cli.run:data_command", "Write the sample data under data/."),
    "compile": ("pipelines.cli.scheduler:compile_command", "Compile the pipeline for a scheduler."),
    "node": ("pipelines.cli.scheduler:node_command", "Run one node of a compiled pipeline."),
    "finish": ("pipelines.cli.scheduler:finish_command", "Summarize a run after its last node."),
    "workers": ("pipelines.cli.scheduler:workers", "Stop the processes that keep TFX imported."),
    "runs": ("pipelines.cli.inspect:runs", "List the runs and the changes of the champion."),
    "show": ("pipelines.cli.inspect:show", "Show how a run ended."),
    "explain": ("pipelines.cli.inspect:explain", "Explain why a model was pushed or not."),
    "report": ("pipelines.cli.report:report", "Write the page of a run."),
    "compare": ("pipelines.cli.report:compare", "Compare two runs."),
    "serve-reports": ("pipelines.cli.report:serve_reports", "Serve the pages on this machine."),
    "gc": ("pipelines.cli.inspect:gc", "Free the files of old runs."),
    "champion": ("pipelines.cli.champion:champion", "Show or change the champion."),
    "schema": ("pipelines.cli.schema:schema", "Compare the curated schema with a run's data."),
}
"""Where each command is, and what it does in a few words."""


class _LowerCaseLevel(logging.Formatter):
    """Writes modules' warnings as commands write theirs: ``warning: …``."""

    def format(self, record: logging.LogRecord) -> str:
        """Format a record."""
        return f"{record.levelname.lower()}: {super().format(record)}"


class _LazyGroup(click.Group):
    """Imports a command's module when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the commands, those that run something first."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Find a command."""
        if cmd_name not in _COMMANDS:
            return None
        module, attribute = _COMMANDS[cmd_name][0].split(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands in the help, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, does) for name, (_, does) in _COMMANDS.items()])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="tfx-production-pipeline %(version)s")
def commands() -> None:
    """Run and inspect the pipeline.

    Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 data refused, 4 model refused.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its words are the process's own by default."""
    handler = logging.StreamHandler()
    handler.setFormatter(_LowerCaseLevel())
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    # Before ml-metadata is imported: its C++ parts log every connection to a database.
    os.environ.setdefault("GLOG_minloglevel", "1")
    try:
        return int(commands.main(arguments, standalone_mode=False))
    except (click.exceptions.Abort, KeyboardInterrupt):
        return _complain("interrupted", ExitCode.FAILED)
    except click.exceptions.NoArgsIsHelpError as error:
        path = error.ctx.command_path if error.ctx else "python -m pipelines"
        return _complain(f"{path}: got no command; `{path} --help` lists them", ExitCode.USAGE)
    except click.ClickException as error:
        return _complain(error.format_message(), ExitCode.USAGE)
    except UsageError as error:
        return _complain(str(error), ExitCode.USAGE)
    except (OperationError, OSError) as error:
        return _complain(str(error), ExitCode.FAILED)


def _complain(message: str, code: ExitCode) -> ExitCode:
    click.echo(f"error: {' '.join(message.split())}", err=True)
    return code
