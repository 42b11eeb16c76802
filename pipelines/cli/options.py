"""Options and output that the commands share."""

from __future__ import annotations

import datetime
import logging
import os
import sys
import warnings
from pathlib import Path

import click
from rich.console import Console

from pipelines.config.environment_file import list_environments, load_config
from pipelines.config.layout import OutputLayout
from pipelines.config.pipeline_config import PipelineConfig

LATEST = "latest"
_PLAIN_WIDTH = 110

config_option = click.option(
    "--config",
    "source",
    default="local",
    show_default=True,
    metavar="FILE",
    help=f"Environment ({', '.join(list_environments())}) or path of a YAML file.",
)
set_option = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Set one key of the configuration, such as trainer.seed=7. Can be repeated.",
)
data_option = click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder of CSV files. [default: data.directory of the configuration]",
)
span_option = click.option(
    "--span",
    type=click.DateTime(formats=["%Y-%m-%d"]),
    metavar="DATE",
    help="Read the span of this first day.",
)
refresh_option = click.option(
    "--refresh", is_flag=True, help="Run every node again, also where nothing has changed."
)
output_option = click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Output root. [default: output_root of the configuration]",
)
json_option = click.option(
    "--json",
    "json_path",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    metavar="FILE",
    help="Write the summary as JSON; - for standard output.",
)
run_argument = click.argument("run_id", metavar="RUN", default=LATEST)


def change_config(
    config: PipelineConfig,
    data: Path | None,
    span: datetime.datetime | None,
    output: Path | None,
    refresh: bool = False,
) -> PipelineConfig:
    """Apply the options that stand for keys of the configuration, those that are given.

    Args:
        data: Folder of CSV files, from where the caller stands.
        span: First day of the span to read.
        output: Output root, from where the caller stands.
        refresh: Whether every node is to run again.
    """
    changes: dict[str, object] = {}
    if data is not None:
        changes["data"] = config.data.model_copy(update={"directory": data.absolute()})
    if span is not None:
        changes["span"] = span.date()
    if output is not None:
        changes["output_root"] = output.absolute()
    if refresh:
        changes["cache"] = False
    return config.model_copy(update=changes)


def find_layout(source: str, overrides: tuple[str, ...], output: Path | None) -> OutputLayout:
    """Find where the runs of a configuration are kept.

    Args:
        source: Environment or file.
        overrides: ``KEY=VALUE`` each.
        output: Output root that stands for the configuration's, if given.
    """
    return change_config(load_config(source, overrides), None, None, output).layout


def create_console(json_path: Path | None = None) -> Console:
    """Print for people where JSON does not go; at a fixed width where there is no terminal."""
    console = Console(stderr=json_path == Path("-"))
    return console if console.is_terminal else Console(stderr=console.stderr, width=_PLAIN_WIDTH)


def write_json(path: Path | None, text: str) -> None:
    """Write JSON to a file, to standard output for ``-``, or nowhere for None."""
    if path == Path("-"):
        sys.stdout.write(text + "\n")
    elif path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")


def quieten_tensorflow() -> None:
    """Before TensorFlow is imported here: keep it from announcing missing GPUs and deprecations."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
