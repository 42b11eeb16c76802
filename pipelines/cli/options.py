"""Options that the commands share, and what they stand for."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import click

from pipelines.cli.screen import Screen
from pipelines.config.environment_file import list_environments, load_config

_Command = Callable[..., int]
_LATEST = "latest"

DATE = click.DateTime(formats=["%Y-%m-%d"])

_CONFIG_OPTION = click.option(
    "--config",
    "source",
    default="local",
    show_default=True,
    metavar="FILE",
    help=f"Environment ({', '.join(list_environments())}) or path of a YAML file.",
)
_SET_OPTION = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Set one configuration key, such as trainer.seed=7. Can be repeated.",
)
_OUTPUT_OPTION = click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Output root. [default: output_root of the configuration]",
)
_RUN_OPTIONS = {
    "data": click.option(
        "--data",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Folder of CSV files. [default: data.directory of the configuration]",
    ),
    "span": click.option(
        "--span", type=DATE, metavar="DATE", help="Read the span that begins on this day."
    ),
    "refresh": click.option(
        "--refresh", is_flag=True, help="Run every node again, even where nothing has changed."
    ),
}
json_option = click.option(
    "--json",
    "screen",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    metavar="FILE",
    callback=lambda _context, _option, path: Screen(path),
    help="Write the result as JSON; - for standard output.",
)
"""Passes the command a ``screen``, which knows where the JSON goes."""


def with_config(*more: Literal["data", "span", "refresh"]) -> Callable[[_Command], _Command]:
    """Add the configuration's options, and ``more``, to a command; it is passed the ``config``."""

    def decorate(command: _Command) -> _Command:
        @functools.wraps(command)
        def load_and_run(
            *,
            source: str,
            overrides: tuple[str, ...],
            output: Path | None,
            data: Path | None = None,
            span: datetime.datetime | None = None,
            refresh: bool = False,
            **words: object,
        ) -> int:
            config = load_config(source, overrides)
            changes: dict[str, object] = {}
            # Relative paths start at the working folder.
            if output is not None:
                changes["output_root"] = output.absolute()
            if data is not None:
                changes["data"] = config.data.model_copy(update={"directory": data.absolute()})
            if span is not None:
                changes["span"] = span.date()
            if refresh:
                changes["cache"] = False
            return command(config=config.model_copy(update=changes), **words)

        wrapped: _Command = load_and_run
        run_options = [_RUN_OPTIONS[name] for name in more]
        for option in reversed([_CONFIG_OPTION, _SET_OPTION, *run_options, _OUTPUT_OPTION]):
            wrapped = option(wrapped)
        return wrapped

    return decorate


def run_argument(name: str = "run_id") -> Callable[[_Command], _Command]:
    """Add an argument that names a run to a command; None stands for the newest, the default."""
    return click.argument(
        name,
        metavar="RUN",
        default=_LATEST,
        callback=lambda _context, _argument, run_id: None if run_id == _LATEST else run_id,
    )
