"""The gate in runs one after another, with TFX's launcher, resolver, cache and executors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import tensorflow_data_validation as tfdv
from ml_metadata.proto import metadata_store_pb2
from tfx.components.example_validator.component import ExampleValidator
from tfx.components.statistics_gen.component import StatisticsGen
from tfx.dsl.compiler import compiler, constants
from tfx.dsl.components.base.base_node import BaseNode
from tfx.dsl.components.common.resolver import Resolver
from tfx.orchestration import metadata, pipeline
from tfx.orchestration.local import runner_utils
from tfx.orchestration.portable import launcher, runtime_parameter_utils
from tfx.types import Channel
from tfx.types.standard_artifacts import ExampleStatistics

from components.csv_example_gen.component import create_csv_example_gen
from components.curated_schema.component import CuratedSchema
from components.curated_schema.schema_file import hash_schema
from components.data_gate.component import DataGate
from components.data_gate.findings import read_verdict
from components.data_gate.latest_accepted import (
    DataVerdictArtifact,
    LatestAcceptedStatisticsStrategy,
)
from components.data_gate.severity import DataGateSettings
from schemas.feature_table import get_schema_path
from tests.components.deliveries import SPLITS, TASK, Row, write_rows

BEAM_ARGUMENTS = [
    "--runner=apache_beam.runners.portability.fn_api_runner.fn_runner.FnApiRunner",
    "--setup_file=./setup.py",
]


def create_nodes(input_base: Path) -> list[BaseNode]:
    """Create the nodes from the CSV files to the gate."""
    schema_path = get_schema_path(TASK)
    examples = create_csv_example_gen(str(input_base), TASK, SPLITS)
    schema = CuratedSchema(schema_path=str(schema_path), schema_sha256=hash_schema(schema_path))
    statistics = StatisticsGen(
        examples=examples.outputs["examples"],
        schema=schema.outputs["schema"],
        stats_options=tfdv.StatsOptions(
            infer_type_from_schema=True, num_quantiles_histogram_buckets=100
        ),
    )
    validation = ExampleValidator(
        statistics=statistics.outputs["statistics"], schema=schema.outputs["schema"]
    )
    previous = Resolver(
        strategy_class=LatestAcceptedStatisticsStrategy,
        statistics=Channel(type=ExampleStatistics),
        verdict=Channel(type=DataVerdictArtifact),
    ).with_id("LatestAcceptedStatistics")
    gate = DataGate(
        examples=examples.outputs["examples"],
        statistics=statistics.outputs["statistics"],
        anomalies=validation.outputs["anomalies"],
        schema=schema.outputs["schema"],
        previous_statistics=previous.outputs["statistics"],
        previous_verdict=previous.outputs["verdict"],
        settings=DataGateSettings().model_dump_json(),
        task=TASK,
    )
    return [examples, schema, statistics, validation, previous, gate]


def run(nodes: Sequence[BaseNode], root: Path, run_id: str) -> None:
    """Run the nodes one by one."""
    connection = metadata.sqlite_metadata_connection_config(str(root / "metadata.sqlite"))
    ir = compiler.Compiler().compile(
        pipeline.Pipeline(
            pipeline_name="test",
            pipeline_root=str(root / "pipeline_root"),
            components=list(nodes),
            metadata_connection_config=connection,
            enable_cache=True,
            beam_pipeline_args=BEAM_ARGUMENTS,
        )
    )
    runtime_parameter_utils.substitute_runtime_parameter(
        ir, {constants.PIPELINE_RUN_ID_PARAMETER_NAME: run_id}
    )
    deployment = runner_utils.extract_local_deployment_config(ir)
    for node in ir.nodes:
        node_id = node.pipeline_node.node_info.id
        launcher.Launcher(
            pipeline_node=node.pipeline_node,
            mlmd_connection=metadata.Metadata(connection),
            pipeline_info=ir.pipeline_info,
            pipeline_runtime_spec=ir.runtime_spec,
            executor_spec=runner_utils.extract_executor_spec(deployment, node_id),
            custom_driver_spec=runner_utils.extract_custom_driver_spec(deployment, node_id),
        ).launch()


def list_verdicts(root: Path) -> list[metadata_store_pb2.Artifact]:
    """List the verdicts in the order written."""
    connection = metadata.sqlite_metadata_connection_config(str(root / "metadata.sqlite"))
    with metadata.Metadata(connection) as handle:
        return list(handle.store.get_artifacts_by_type("DataVerdict"))


@pytest.mark.slow
def test_runs_are_compared_with_the_data_accepted_last(rows: list[Row], tmp_path: Path) -> None:
    """First nothing, then itself, then the cache; refused data is refused each time it comes."""
    good, drifted = tmp_path / "good", tmp_path / "drifted"
    write_rows(good / "data.csv", rows)
    write_rows(
        drifted / "data.csv", [{**row, "fare": f"{2 * float(row['fare']):.2f}"} for row in rows]
    )
    counts = []
    for number, place in enumerate([good, good, good, drifted, drifted, good]):
        run(create_nodes(place), tmp_path, f"run-{number}")
        counts.append(len(list_verdicts(tmp_path)))

    artifacts = list_verdicts(tmp_path)
    verdicts = [read_verdict(Path(artifact.uri)) for artifact in artifacts]
    assert counts == [1, 2, 2, 3, 3, 3]
    assert [verdict.accepted for verdict in verdicts] == [True, True, False]
    assert [one.custom_properties["accepted"].int_value for one in artifacts] == [1, 1, 0]
    assert verdicts[0].previous is None
    assert verdicts[1].previous == verdicts[2].previous == verdicts[0].data
    assert [finding.feature for finding in verdicts[2].errors] == ["fare"]
    assert verdicts[2].errors[0].rows[0].file == str(drifted / "data.csv")
