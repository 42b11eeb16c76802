"""The command line: ``python -m benchmarks``."""

from __future__ import annotations

from pathlib import Path

import click

from benchmarks.subjects import SCENARIOS
from pipelines.config.code_root import CODE_ROOT

_DIRECTORY = CODE_ROOT / "artifacts/benchmarks"
_SIZES = (15_000, 150_000, 1_500_000)
_POSITIVE, _NOT_NEGATIVE = click.IntRange(min=1), click.IntRange(min=0)
_EXISTING_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False, resolve_path=True)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
def main() -> None:
    """Measure the pipeline, TFX's own one and a plain script side by side."""


@main.command()
@click.option("--rows", type=_POSITIVE, required=True, help="Number of trips.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    metavar="DIR",
    help="Folder to write to.",
)
@click.option("--seed", type=_NOT_NEGATIVE, help="Seed of the random numbers.")
@click.option(
    "--rows-per-file",
    "--rows-a-file",
    type=_POSITIVE,
    help="Maximum number of rows per file; one file if left out.",
)
def trips(rows: int, output: Path, seed: int | None, rows_per_file: int | None) -> None:
    """Make taxi trips from the real ones."""
    from benchmarks.resampled_trips import SEED, read_real_trips, write_trips
    from benchmarks.suite import find_real_trips

    real = read_real_trips(find_real_trips())
    for path in write_trips(real, rows, output, SEED if seed is None else seed, rows_per_file):
        click.echo(path)


@main.command()
@click.option(
    "--sizes",
    type=_POSITIVE,
    multiple=True,
    default=_SIZES,
    metavar="ROWS",
    help="Rows of the data. Can be repeated.",
)
@click.option(
    "--subjects",
    "scenarios",
    type=click.Choice(list(SCENARIOS)),
    multiple=True,
    default=tuple(SCENARIOS),
    help="What to measure. Can be repeated.",
)
@click.option("--repeats", type=_POSITIVE, default=3, help="Number of repeats.")
@click.option(
    "--stock-max-rows",
    type=_NOT_NEGATIVE,
    default=1_500_000,
    help="Skip TFX's own pipeline for more rows.",
)
@click.option(
    "--rerun-rows",
    type=_NOT_NEGATIVE,
    default=15_000,
    help="Size at which cached reruns are measured too; 0 for none.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=_DIRECTORY / "results.jsonl",
    help="Results; what the file holds already is not measured again.",
)
@click.option(
    "--directory",
    type=_FOLDER,
    default=_DIRECTORY,
    metavar="DIR",
    help="Folder for data, outputs and logs.",
)
def run(
    sizes: tuple[int, ...],
    scenarios: tuple[str, ...],
    repeats: int,
    stock_max_rows: int,
    rerun_rows: int,
    output: Path,
    directory: Path,
) -> None:
    """Measure, and append each measurement to the results at once.

    An interrupted suite continues where it stopped when it is started again.
    """
    from benchmarks.suite import Plan, run_suite

    in_order = [name for name in SCENARIOS if name in scenarios]
    plan = Plan(sizes, in_order, repeats, stock_max_rows, rerun_rows)
    failed = [
        each for each in run_suite(plan, output, directory).measurements if not each.succeeded
    ]
    if failed:
        raise click.ClickException(f"{len(failed)} measurements failed; {output} has them")


_files_argument = click.argument("files", type=_EXISTING_FILE, nargs=-1, required=True)


@main.command()
@_files_argument
def show(files: tuple[Path, ...]) -> None:
    """Print the tables as Markdown."""
    from benchmarks.results import read_results
    from benchmarks.results_page import format_tables

    click.echo(format_tables(read_results(files)))


@main.command()
@_files_argument
@click.option(
    "--page",
    type=_EXISTING_FILE,
    default=CODE_ROOT / "docs/benchmarks.md",
    help="Page that the tables are written to, between its markers.",
)
def report(files: tuple[Path, ...], page: Path) -> None:
    """Write the tables and the chart into the documentation."""
    from benchmarks.results import read_results
    from benchmarks.results_page import write_page

    for path in write_page(read_results(files), page):
        click.echo(path)
