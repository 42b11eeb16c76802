"""Our Evaluator against TFX's own, row by row through TFMA, on the same models and rows."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import pytest
import tensorflow as tf
import tensorflow_model_analysis as tfma
from tfx.components.evaluator import executor
from tfx.types import artifact_utils
from tfx.types.standard_artifacts import Examples

from components.evaluator.eval_config import create_eval_config
from components.evaluator.settings import EvaluatorSettings
from components.examples.example_encoding import encode_examples
from components.examples.parquet_examples import list_files, read_flat_batches
from tests.components.replayed_models import Measured
from tests.tiny_evaluation import SLICED_TABLE, evaluate, run_executor

pytestmark = pytest.mark.slow

THEIR_METRICS = {
    "example_count": ("ExampleCount", {}),
    "mean_label": ("MeanLabel", {}),
    "mean_prediction": ("MeanPrediction", {}),
    "calibration": ("Calibration", {}),
    "binary_accuracy": ("BinaryAccuracy", {}),
    "precision": ("Precision", {"thresholds": 0.5}),
    "recall": ("Recall", {"thresholds": 0.5}),
    "false_positive_rate": ("FPR", {"thresholds": 0.5}),
    "false_negative_rate": ("FNR", {"thresholds": 0.5}),
}
"""TFMA's own metrics by our names for them, without those that ``binary_metrics`` calls wrong."""


@dataclasses.dataclass(frozen=True)
class Entry:
    """A value that TFMA reads, and whether it has an interval."""

    value: float
    has_interval: bool


Entries = dict[tuple[str, str, str, bool], Entry]
"""By slice, metric, model, and whether it is the candidate's change."""


def read_entries(directory: str) -> Entries:
    """Read all of the shared metrics."""
    return {
        (str(record.slice_key), entry.key.name, entry.key.model_name, entry.key.is_diff): Entry(
            entry.value.double_value.value, entry.HasField("confidence_interval")
        )
        for record in tfma.load_metrics(directory)
        for entry in record.metric_keys_and_values
        if entry.key.name in THEIR_METRICS
    }


def write_records(examples: Examples, directory: Path) -> Examples:
    """Write the measured rows as TFX's own Evaluator reads them, gzipped TFRecords."""
    records = Examples()
    records.uri = str(directory)
    records.split_names = artifact_utils.encode_split_names(["test"])
    split = directory / "Split-test"
    split.mkdir(parents=True)
    with tf.io.TFRecordWriter(str(split / "data_tfrecord.gz"), "GZIP") as writer:
        for batch in read_flat_batches(list_files(Path(examples.uri, "Split-test"))):
            for example in encode_examples(batch):
                writer.write(example)
    return records


@pytest.fixture(scope="module")
def theirs(measured: Measured, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What TFX's own Evaluator writes of both models with TFMA's own metrics."""
    directory = tmp_path_factory.mktemp("stock")
    settings = EvaluatorSettings(confidence_intervals="jackknife", plots=False)
    config = create_eval_config(SLICED_TABLE, settings)
    del config.metrics_specs[:]
    config.metrics_specs.add(
        metrics=[
            tfma.MetricConfig(class_name=class_name, config=json.dumps({"name": name, **options}))
            for name, (class_name, options) in THEIR_METRICS.items()
        ]
    )
    written = run_executor(
        executor.Executor,
        directory,
        write_records(measured.examples, directory / "records"),
        measured.candidate,
        measured.baseline,
        config,
    )
    return str(written.uri)


def measure(directory: Path, measured: Measured) -> str:
    """Measure both models with our Evaluator; give the folder that it writes to."""
    settings = EvaluatorSettings(confidence_intervals="jackknife")
    return str(evaluate(directory, measured.candidate, measured.baseline, settings).uri)


@pytest.fixture(scope="module")
def ours(measured: Measured, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What our Evaluator writes of them."""
    return measure(tmp_path_factory.mktemp("ours"), measured)


def test_the_same_slices_models_and_metrics_are_there(theirs: str, ours: str) -> None:
    """Slices, names and changes are those of TFMA's own run, and intervals where it has them."""
    expected, found = read_entries(theirs), read_entries(ours)

    assert {key: entry.has_interval for key, entry in found.items()} == {
        key: entry.has_interval for key, entry in expected.items()
    }


def test_values_are_the_same(theirs: str, ours: str) -> None:
    """Every value of both models, and every change, is TFMA's own."""
    expected = {key: entry.value for key, entry in read_entries(theirs).items()}

    found = {key: entry.value for key, entry in read_entries(ours).items()}

    assert found == pytest.approx(expected, abs=1e-6, nan_ok=True)
    assert any(math.isnan(value) for value in expected.values())


def test_the_same_rows_have_the_same_intervals(
    ours: str, measured: Measured, tmp_path: Path
) -> None:
    """A second run writes the same bytes."""
    again = measure(tmp_path, measured)

    for name in ("metrics-00000-of-00001.tfrecord", "digest.json", "scores.parquet"):
        assert Path(again, name).read_bytes() == Path(ours, name).read_bytes()
