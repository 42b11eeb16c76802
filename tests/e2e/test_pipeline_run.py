"""One whole run: what it says, and what plain TFX libraries read of what it wrote."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import ml_metadata
import pytest
import tensorflow as tf
import tensorflow_data_validation as tfdv
import tensorflow_model_analysis as tfma
import tensorflow_transform as tft
from ml_metadata.proto import metadata_store_pb2 as mlmd
from tensorflow_data_validation.utils.anomalies_util import load_anomalies_binary

from components.transform.transformed_features import list_transformed_features
from pipelines.records.exit_code import ExitCode
from pipelines.records.node_result import NodeState
from pipelines.records.nodes import NodeId
from pipelines.records.run_summary import Verdict
from schemas.feature_table import load_feature_table
from tests.e2e.conftest import SAMPLE, Run

pytestmark = pytest.mark.slow

TABLE = load_feature_table("chicago_taxi")


@pytest.fixture(scope="module")
def store(first_run: Run) -> ml_metadata.MetadataStore:
    """The metadata store of the run, opened by plain ml-metadata."""
    config = mlmd.ConnectionConfig()
    config.sqlite.filename_uri = str(first_run.layout.metadata_path)
    return ml_metadata.MetadataStore(config)


def _get_uri(store: ml_metadata.MetadataStore, type_name: str, node: str) -> Path:
    """Find the newest artifact of a type that a node made."""
    artifacts = [
        artifact
        for artifact in store.get_artifacts_by_type(type_name)
        if f"/{node}/" in artifact.uri
    ]
    return Path(min(artifacts, key=lambda artifact: artifact.id).uri)


def _count_sample_rows() -> int:
    with SAMPLE.open(newline="") as file:
        return sum(1 for _ in csv.DictReader(file))


def test_pushes_a_blessed_model(first_run: Run) -> None:
    """The run ends with a pushed model and exit code 0."""
    assert first_run.exit_code == ExitCode.DONE
    assert first_run.done.verdict is Verdict.PUSHED
    assert first_run.done.problems == ()
    assert first_run.done.anomalies == ()


def test_runs_every_node(first_run: Run) -> None:
    """Every node of the chain has run, none from a cache."""
    assert {node.id for node in first_run.done.nodes} == set(NodeId)
    assert {node.state for node in first_run.done.nodes} == {NodeState.DONE}
    assert not any(node.cached for node in first_run.done.nodes)


def test_leaves_a_log_for_each_node(first_run: Run) -> None:
    """Library chatter is in one file per node."""
    for node in first_run.done.nodes:
        assert node.log is not None
        assert Path(node.log).stat().st_size > 0


def test_loses_no_row_on_the_way(first_run: Run) -> None:
    """Rows are the same from the CSV to the Evaluator."""
    rows = {node.id: node.rows_out for node in first_run.done.nodes}
    examples = {name: count for name, count in rows["CsvExampleGen"].items() if name != "csv"}

    assert rows["CsvExampleGen"]["csv"] == _count_sample_rows() == sum(examples.values())
    assert rows["StatisticsGen"] == examples
    assert rows["Transform"] == {name: examples[name] for name in ("train", "validation")}
    assert rows["Evaluator"] == {"overall": examples["test"]}


def test_says_what_each_node_read(first_run: Run) -> None:
    """A node's rows in are its inputs' rows out."""
    read = {node.id: node.rows_in for node in first_run.done.nodes}
    written = {node.id: node.rows_out for node in first_run.done.nodes}

    assert read["StatisticsGen"] == written["CsvExampleGen"]
    assert read["Trainer"] == written["Transform"]


def test_judges_only_what_the_gates_say(first_run: Run) -> None:
    """The first model is judged by absolute gates; those on the change do not apply."""
    outcomes = {gate.name: gate.outcome.value for gate in first_run.done.gates}

    assert outcomes["auc_floor"] == "passed"
    assert outcomes["auc_change"] == "no baseline"
    assert not first_run.done.has_champion


def test_transform_waits_for_the_validation(store: ml_metadata.MetadataStore) -> None:
    """Transform starts after ExampleValidator has ended."""
    by_type = {
        kind.name.rpartition(".")[2]: store.get_executions_by_type(kind.name)[0]
        for kind in store.get_execution_types()
        if store.get_executions_by_type(kind.name)
    }

    validated = by_type["ExampleValidator"].last_update_time_since_epoch
    assert by_type["Transform"].create_time_since_epoch >= validated


def test_tfdv_reads_the_statistics(store: ml_metadata.MetadataStore, first_run: Run) -> None:
    """Plain TFDV loads the statistics, and counts the rows that the summary names."""
    directory = _get_uri(store, "ExampleStatistics", "StatisticsGen")
    rows = next(node.rows_out for node in first_run.done.nodes if node.id == "StatisticsGen")

    for split, count in rows.items():
        statistics = tfdv.load_stats_binary(str(directory / f"Split-{split}" / "FeatureStats.pb"))
        assert statistics.datasets[0].num_examples == count


def test_tfdv_reads_the_anomalies(store: ml_metadata.MetadataStore) -> None:
    """Plain TFDV loads the anomalies of each split; the sample has none."""
    directory = _get_uri(store, "ExampleAnomalies", "ExampleValidator")

    for split in ("train", "validation", "test"):
        anomalies = load_anomalies_binary(str(directory / f"Split-{split}" / "SchemaDiff.pb"))
        assert not anomalies.anomaly_info


def test_tfdv_reads_both_schemas(store: ml_metadata.MetadataStore) -> None:
    """Plain TFDV loads the curated and the inferred schema, both with every column."""
    for node in ("CuratedSchema", "SchemaGen"):
        schema = tfdv.load_schema_text(str(_get_uri(store, "Schema", node) / "schema.pbtxt"))
        assert {feature.name for feature in schema.feature} == set(TABLE.names)


def test_tft_reads_the_transform_graph(store: ml_metadata.MetadataStore) -> None:
    """Plain TFT loads the transform graph, with the features that the table asks for."""
    output = tft.TFTransformOutput(str(_get_uri(store, "TransformGraph", "Transform")))

    expected = {feature.name for feature in list_transformed_features(TABLE)} | {TABLE.label.name}
    assert set(output.transformed_feature_spec()) == expected


def test_tfma_reads_the_evaluation(store: ml_metadata.MetadataStore, first_run: Run) -> None:
    """Plain TFMA loads the evaluation, with the metrics and slices that the summary has."""
    directory = _get_uri(store, "ModelEvaluation", "Evaluator")
    result = tfma.load_eval_result(str(directory))
    overall = dict(result.slicing_metrics)[()][""][""]

    metrics = {metric.name: metric.value for metric in first_run.done.metrics}
    assert overall["auc"]["boundedValue"]["value"] == pytest.approx(metrics["auc"])
    sliced = {key[0][0] for key, _ in result.slicing_metrics if key}
    groups = {attribute.name for attribute in TABLE.fairness_attributes}
    assert sliced == set(TABLE.slice_columns) | groups


def test_tensorflow_serves_the_pushed_model(first_run: Run) -> None:
    """The version folder is a plain SavedModel that answers an example without the label."""
    version = first_run.layout.serving_root / str(first_run.done.pushed_version)
    model = tf.saved_model.load(str(version))
    feature = tf.train.Feature(float_list=tf.train.FloatList(value=[12.25]))
    example = tf.train.Example(features=tf.train.Features(feature={"fare": feature}))

    answer = model.signatures["serving_default"](
        examples=tf.constant([example.SerializeToString()])
    )

    assert answer["probability"].shape == (1,)
    assert 0 < float(answer["probability"][0]) < 1


def test_tensorboard_files_are_with_the_model_run(store: ml_metadata.MetadataStore) -> None:
    """The model run has TensorBoard's files and the history."""
    directory = _get_uri(store, "ModelRun", "Trainer")

    assert list(directory.rglob("events.out.tfevents.*"))
    assert (directory / "history.csv").stat().st_size > 0


def test_validation_says_why(store: ml_metadata.MetadataStore) -> None:
    """``validation.json`` beside the blessing has every gate with metric, value and limit."""
    directory = _get_uri(store, "ModelBlessing", "ModelValidator")
    validation = json.loads((directory / "validation.json").read_text())

    assert (directory / "BLESSED").exists()
    for gate in validation["gates"]:
        assert {"metric", "slice", "value", "limit", "baseline", "outcome"} <= set(gate)


def test_leaves_no_execution_open(store: ml_metadata.MetadataStore) -> None:
    """Every execution in the metadata store is complete or cached."""
    states = {execution.last_known_state for execution in store.get_executions()}

    assert states <= {mlmd.Execution.COMPLETE, mlmd.Execution.CACHED, mlmd.Execution.FAILED}
