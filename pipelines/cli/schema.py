"""Commands on the schema: what curated and inferred differ in, and taking a change over."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click
from rich.text import Text
from tensorflow_metadata.proto.v0 import schema_pb2

from components.curated_schema.schema_diff import accept_feature, compare_schemas
from components.curated_schema.schema_file import SCHEMA_FILE_NAME
from components.statistics_gen.column_limits import load_schema
from components.statistics_gen.feature_statistics import SplitSummary, load_split_summary
from pipelines.cli.options import (
    LATEST,
    change_config,
    config_option,
    create_console,
    output_option,
    run_argument,
    set_option,
)
from pipelines.compiler.worker_sources import is_checkout
from pipelines.config.layout import OutputLayout
from pipelines.config.pipeline_config import load_config
from pipelines.metadata.run_store import StoredArtifact
from pipelines.records.errors import ConfigError, UsageError
from pipelines.records.exit_code import ExitCode
from pipelines.records.nodes import NodeId
from pipelines.runs.recorded_run import RecordedRun, load_run
from pipelines.runs.run_list import find_run_id
from schemas.feature_table import get_schema_path


@click.group("schema")
def schema() -> None:
    """Compare the curated schema with a run's data, and take changes over."""


@schema.command("diff")
@run_argument
@config_option
@set_option
@output_option
def diff(run_id: str, source: str, overrides: tuple[str, ...], output: Path | None) -> int:
    """Show what the curated schema and the one inferred by a run differ in."""
    config = change_config(load_config(source, overrides), None, None, output)
    inferred, splits = _load_inferred(config.layout, run_id)
    curated = load_schema(get_schema_path(config.task))
    console = create_console()
    differences = compare_schemas(curated, inferred, splits)
    for difference in differences:
        console.print(Text(difference.line), highlight=False)
    if not differences:
        console.print("curated and inferred schema agree")
    return ExitCode.DONE


@schema.command("accept")
@run_argument
@click.option("--feature", required=True, metavar="F", help="Column whose change to take over.")
@config_option
@set_option
@output_option
def accept(
    run_id: str, feature: str, source: str, overrides: tuple[str, ...], output: Path | None
) -> int:
    """Write one column's change into the curated schema.pbtxt, for a commit."""
    config = change_config(load_config(source, overrides), None, None, output)
    path = get_schema_path(config.task)
    if not is_checkout():
        raise ConfigError(f"{path}: part of an installed package; accept the change in a checkout")
    inferred, splits = _load_inferred(config.layout, run_id)
    try:
        accepted = accept_feature(path, inferred, splits, feature)
    except ValueError as error:
        raise ConfigError(f"--feature: {error}") from error
    for difference in accepted:
        click.echo(difference.line)
    click.echo(f"{path}: {'written; review and commit it' if accepted else 'nothing to accept'}")
    return ExitCode.DONE


def _load_inferred(
    layout: OutputLayout, run_id: str
) -> tuple[schema_pb2.Schema, Mapping[str, SplitSummary]]:
    run = load_run(layout, find_run_id(layout, None if run_id == LATEST else run_id))
    inferred = _find_output(run, NodeId.SCHEMA_GEN, "schema")
    statistics = _find_output(run, NodeId.STATISTICS_GEN, "statistics")
    splits = {split: load_split_summary(statistics.path, split) for split in statistics.split_names}
    return load_schema(inferred.path / SCHEMA_FILE_NAME), splits


def _find_output(run: RecordedRun, node_id: str, key: str) -> StoredArtifact:
    found = run.find_output(node_id, key)
    if found is None:
        raise UsageError(f"run {run.run_id} did not get as far as {node_id}")
    return found
