"""Commands on the schema: how curated and inferred differ, and accepting a change."""

from __future__ import annotations

from collections.abc import Mapping

import click
from tensorflow_metadata.proto.v0 import schema_pb2

from components.curated_schema.schema_diff import accept_feature, compare_schemas
from components.curated_schema.schema_file import SCHEMA_FILE_NAME
from components.statistics_gen.column_limits import load_schema
from components.statistics_gen.feature_statistics import SplitSummary, load_split_summary
from pipelines.cli.options import run_argument, with_config
from pipelines.cli.screen import Screen
from pipelines.compiler.worker_sources import is_checkout
from pipelines.config.layout import OutputLayout
from pipelines.config.pipeline_config import PipelineConfig
from pipelines.metadata.run_store import StoredArtifact
from pipelines.records.errors import ConfigError, UsageError
from pipelines.records.exit_code import ExitCode
from pipelines.records.nodes import NodeId
from pipelines.runs.recorded_run import RecordedRun, load_run
from pipelines.runs.run_list import find_run_id
from schemas.feature_table import get_schema_path


@click.group("schema")
def schema() -> None:
    """Compare the curated schema with a run's data, and accept changes."""


@schema.command("diff")
@run_argument()
@with_config()
def diff(config: PipelineConfig, run_id: str | None) -> int:
    """Show how the curated schema differs from the one inferred by a run."""
    inferred, splits = _load_inferred(config.layout, run_id)
    curated = load_schema(get_schema_path(config.task))
    lines = [difference.line for difference in compare_schemas(curated, inferred, splits)]
    Screen().print(*(lines or ["curated and inferred schema agree"]))
    return ExitCode.DONE


@schema.command("accept")
@run_argument()
@click.option("--feature", required=True, metavar="F", help="Column whose change to accept.")
@with_config()
def accept(config: PipelineConfig, run_id: str | None, feature: str) -> int:
    """Write one column's change into the curated schema.pbtxt, to be committed."""
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
    layout: OutputLayout, asked_for: str | None
) -> tuple[schema_pb2.Schema, Mapping[str, SplitSummary]]:
    run = load_run(layout, find_run_id(layout, asked_for))
    inferred = _find_output(run, NodeId.SCHEMA_GEN, "schema")
    statistics = _find_output(run, NodeId.STATISTICS_GEN, "statistics")
    splits = {split: load_split_summary(statistics.path, split) for split in statistics.split_names}
    return load_schema(inferred.path / SCHEMA_FILE_NAME), splits


def _find_output(run: RecordedRun, node_id: str, key: str) -> StoredArtifact:
    found = run.find_output(node_id, key)
    if found is None:
        raise UsageError(f"run {run.run_id} did not get as far as {node_id}")
    return found
