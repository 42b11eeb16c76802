"""Compare the pipeline's tf.keras model with scikit-learn's gradient boosting, on the same rows.

Run ``python -m benchmarks.model_quality`` from the project's root. The pipeline itself trains the
Keras model, as far as its Trainer (cached when that was done before), and the exported SavedModel
is what is measured. The boosting gets what an engineer would give it in five minutes: default
settings and the raw input columns.

Both learn from the splits train and validation: Keras stops early by the latter, the boosting by a
part that it sets aside itself. Both are measured on the split test.

TensorFlow and scikit-learn are imported only where they are used: the pipeline's worker processes
import this module again.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np
import numpy.typing as npt
import pandas as pd
from rich.table import Table

from components.examples.example_encoding import encode_examples
from components.examples.parquet_examples import list_files, read_flat_batches
from components.metrics.binary_metrics import PROBABILITY_MARGIN
from pipelines.cli import main as run_pipelines
from pipelines.cli.screen import Screen
from pipelines.config.code_root import CODE_ROOT
from pipelines.config.environment_file import load_config
from pipelines.config.layout import OutputLayout
from pipelines.metadata.run_store import read_recorded_result
from pipelines.records.errors import ConfigError
from pipelines.records.exit_code import ExitCode
from pipelines.records.nodes import NodeId
from pipelines.runs.recorded_run import load_run
from schemas.feature_table import DType, Feature, FeatureTable, Vocabulary, load_feature_table

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier

KERAS = "tf.keras"
BOOSTING = "HistGradientBoosting"
ALWAYS_NO = "always no"

_LEARNING_SPLITS = ("train", "validation")
_TEST_SPLIT = "test"
_THRESHOLD = 0.5
_SERVING_BATCH_ROWS = 4096

Labels = npt.NDArray[np.int64]
Probabilities = npt.NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Scores:
    """How good probabilities are.

    Attributes:
        auc: Area under the ROC curve, 0 to 1.
        log_loss: Mean over the rows, in nats, >= 0.
        accuracy: Share of rows where (probability > 0.5) is the label.
    """

    auc: float
    log_loss: float
    accuracy: float


@dataclasses.dataclass(frozen=True)
class Measurement:
    """One trained model on the held-out rows.

    Attributes:
        seed: None where chance has no part.
        learning_rows: Rows that it learned from, those that it stopped by among them.
        training_seconds: Wall time: of the whole Trainer node, export included, for Keras; of
            ``fit`` for the boosting.
    """

    model: str
    seed: int | None
    scores: Scores
    learning_rows: int
    test_rows: int
    training_seconds: float


@dataclasses.dataclass(frozen=True)
class Rows:
    """Rows of one or more splits.

    Attributes:
        serialized: One ``tf.Example`` per row.
        columns: Every raw column of the feature table, [rows, columns]; missing values are NaN.
        labels: 0 or 1, [rows].
    """

    serialized: Sequence[bytes]
    columns: pd.DataFrame
    labels: Labels


@dataclasses.dataclass(frozen=True)
class TrainedPipeline:
    """What a run as far as the Trainer left.

    Attributes:
        examples_directory: Raw examples, with one folder per split.
        model_directory: The exported SavedModel.
        training_seconds: Wall time of the Trainer node when it ran.
    """

    examples_directory: Path
    model_directory: Path
    training_seconds: float


def create_column(
    values: npt.NDArray[np.generic], positions: npt.NDArray[np.int64], row_count: int, dtype: DType
) -> pd.Series:
    """Spread the values that are there over all rows.

    Args:
        values: Values that are not missing, [present].
        positions: Row of each, [present].
        dtype: Type of the values; bytes are read as UTF-8.

    Returns:
        Text, or float64 for numbers, [rows]; NaN where there is no value.
    """
    is_text = dtype is DType.BYTES
    column = pd.Series(np.nan, index=range(row_count), dtype=object if is_text else np.float64)
    column.iloc[positions] = [v.decode() for v in values.tolist()] if is_text else values
    return column


def create_feature_matrix(columns: pd.DataFrame, table: FeatureTable) -> pd.DataFrame:
    """Select the boosting's inputs from raw columns, [rows, columns], and give them their types.

    Returns:
        The inputs in the table's order, [rows, inputs]: categories as ``category``, numbers as
        float64; missing values stay missing.
    """
    return pd.DataFrame(
        {
            feature.name: columns[feature.name].astype(
                "category" if is_categorical(feature) else np.float64
            )
            for feature in table.inputs
        }
    )


def is_categorical(feature: Feature) -> bool:
    """Whether a column's values have no order: text, and what Transform has a vocabulary of."""
    return feature.dtype is DType.BYTES or any(
        isinstance(step, Vocabulary) for step in feature.transformations
    )


def create_boosting(seed: int) -> HistGradientBoostingClassifier:
    """Create scikit-learn's gradient boosting, to fit on what ``create_feature_matrix`` makes.

    Settings are the defaults. It takes an unseen category for a missing value.

    Args:
        seed: Chooses the tenth of the rows that it stops by, where there are more than 10,000.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(categorical_features="from_dtype", random_state=seed)


def predict_always_no(learning_labels: Labels, row_count: int) -> Probabilities:
    """Predict the same for each row, [rows]: the learning rows' share of label 1, at most 0.5."""
    return np.full(row_count, min(float(learning_labels.mean()), _THRESHOLD))


def compute_scores(labels: Labels, probabilities: Probabilities) -> Scores:
    """Compare probabilities with the truth.

    Args:
        labels: 0 or 1, [rows]; both occur.
        probabilities: Of label 1, 0 to 1, [rows]. They are kept as far from 0 and 1 as the
            Evaluator keeps them.

    Raises:
        ValueError: If only one label occurs, or a probability is not a number.
    """
    from sklearn.metrics import accuracy_score, log_loss, roc_auc_score

    found = np.unique(labels).tolist()
    if found != [0, 1]:
        raise ValueError(f"scores need rows of label 0 and of label 1; the labels are {found}")
    inside = np.clip(probabilities, PROBABILITY_MARGIN, 1 - PROBABILITY_MARGIN)
    return Scores(
        auc=float(roc_auc_score(labels, probabilities)),
        log_loss=float(log_loss(labels, inside)),
        accuracy=float(accuracy_score(labels, probabilities > _THRESHOLD)),
    )


def average_seeds(measurements: Sequence[Measurement]) -> Measurement:
    """Average one model's measurements over its seeds, on the same rows; at least one."""
    scores = np.mean([dataclasses.astuple(each.scores) for each in measurements], axis=0)
    return dataclasses.replace(
        measurements[0],
        seed=None,
        scores=Scores(*scores.tolist()),
        training_seconds=statistics.fmean(each.training_seconds for each in measurements),
    )


def create_table(measurements: Sequence[Measurement]) -> Table:
    """Lay out one line per measurement, and one with the means of each model with several seeds."""
    table = Table(
        title=f"Held-out split, after learning from {measurements[0].learning_rows:,} rows",
        title_justify="left",
        caption="Seconds: the whole Trainer node for tf.keras, export included; fit alone for "
        "HistGradientBoosting.",
        caption_justify="left",
        box=None,
    )
    table.add_column("model")
    for heading in ("seed", "AUC", "log loss", "accuracy", "rows", "seconds"):
        table.add_column(heading, justify="right")
    for model in dict.fromkeys(each.model for each in measurements):
        of_model = [each for each in measurements if each.model == model]
        for each in of_model:
            _add_row(table, each, "" if each.seed is None else str(each.seed))
        if len(of_model) > 1:
            _add_row(table, average_seeds(of_model), f"mean of {len(of_model)}")
    return table


def _add_row(table: Table, measurement: Measurement, seed: str) -> None:
    scores = measurement.scores
    table.add_row(
        measurement.model,
        seed,
        f"{scores.auc:.4f}",
        f"{scores.log_loss:.4f}",
        f"{scores.accuracy:.4f}",
        f"{measurement.test_rows:,}",
        f"{measurement.training_seconds:.1f}",
    )


def read_rows(directory: Path, splits: Sequence[str], table: FeatureTable) -> Rows:
    """Read the raw examples of some splits, all at once, with the label as Transform computes it.

    Raises:
        FileNotFoundError: If a split has no files.
    """
    import tensorflow as tf

    from components.transform.preprocessing import compute_label

    files = [path for split in splits for path in list_files(directory / f"Split-{split}")]
    serialized = [row for batch in read_flat_batches(files) for row in encode_examples(batch)]
    types = {DType.FLOAT: tf.float32, DType.INT: tf.int64, DType.BYTES: tf.string}
    spec = {feature.name: tf.io.VarLenFeature(types[feature.dtype]) for feature in table.features}
    parsed = tf.io.parse_example(tf.constant(serialized, tf.string), spec)
    columns = {
        feature.name: create_column(
            parsed[feature.name].values.numpy(),
            parsed[feature.name].indices.numpy()[:, 0],
            len(serialized),
            feature.dtype,
        )
        for feature in table.features
    }
    return Rows(serialized, pd.DataFrame(columns), compute_label(parsed, table.label).numpy())


def predict_keras(model_directory: Path, serialized: Sequence[bytes]) -> Probabilities:
    """Score rows by an exported model's serving signature: probabilities of label 1, [rows]."""
    import tensorflow as tf

    from components.serving.signatures import PROBABILITY, SERVING

    model = tf.saved_model.load(str(model_directory))
    serve = model.signatures[SERVING]
    batches = tf.data.Dataset.from_tensor_slices(list(serialized)).batch(_SERVING_BATCH_ROWS)
    answers = [serve(examples=batch)[PROBABILITY].numpy() for batch in batches]
    return np.concatenate(answers).astype(np.float64)


def train_pipeline(source: str, seed: int, output: Path) -> TrainedPipeline:
    """Run the pipeline as far as its Trainer.

    Args:
        source: Environment or path of a YAML file.
        output: Output root of the runs. What the run prints goes to standard error.

    Raises:
        click.exceptions.Exit: With the run's exit code, if it did not end well; it has printed why.
    """
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(sys.stderr):
        summary_path = Path(folder) / "summary.json"
        where = ("--output", str(output), "--json", str(summary_path))
        exit_code = run_pipelines(
            ("run", "--config", source, "--set", f"trainer.seed={seed}", "--to", "Trainer", *where)
        )
        if exit_code != ExitCode.DONE:
            raise click.exceptions.Exit(exit_code)
        run_id = json.loads(summary_path.read_text(encoding="utf-8"))["run_id"]
    run = load_run(OutputLayout(output), run_id)
    examples = run.find_output(NodeId.CSV_EXAMPLE_GEN, "examples")
    model = run.find_output(NodeId.TRAINER, "model")
    # Where the model was cached, an earlier run made it.
    maker = run.producers.get(model.id) if model else None
    result = read_recorded_result(maker.execution) if maker else None
    if examples is None or model is None or result is None:
        raise LookupError(f"run {run_id}: the metadata store lacks its examples or its model")
    return TrainedPipeline(examples.path, model.path / "Format-Serving", result.seconds)


def measure_models(
    pipelines: Mapping[int, TrainedPipeline], table: FeatureTable
) -> list[Measurement]:
    """Measure the pipeline's models, the boosting and "always no" on the same rows.

    Args:
        pipelines: What the pipeline left, by its seed; at least one. The boosting gets the same
            seeds. The rows are the first one's: a row's hash decides its split in every run alike.
    """
    examples_directory = next(iter(pipelines.values())).examples_directory
    learning = read_rows(examples_directory, _LEARNING_SPLITS, table)
    test = read_rows(examples_directory, (_TEST_SPLIT,), table)
    test_matrix = create_feature_matrix(test.columns, table)

    def measure(
        model: str, seed: int | None, probabilities: Probabilities, seconds: float
    ) -> Measurement:
        scores = compute_scores(test.labels, probabilities)
        return Measurement(model, seed, scores, len(learning.labels), len(test.labels), seconds)

    measurements = []
    for seed, trained in pipelines.items():
        probabilities = predict_keras(trained.model_directory, test.serialized)
        measurements.append(measure(KERAS, seed, probabilities, trained.training_seconds))
    learning_matrix = create_feature_matrix(learning.columns, table)
    for seed in pipelines:
        boosting = create_boosting(seed)
        started = time.monotonic()
        boosting.fit(learning_matrix, learning.labels)
        seconds = time.monotonic() - started
        probabilities = boosting.predict_proba(test_matrix)[:, 1]
        measurements.append(measure(BOOSTING, seed, probabilities, seconds))
    always_no = predict_always_no(learning.labels, len(test.labels))
    return [*measurements, measure(ALWAYS_NO, None, always_no, 0.0)]


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.option(
    "--config",
    "source",
    default="local",
    metavar="FILE",
    help="Environment or path of a YAML file, as for `python -m pipelines run`.",
)
@click.option(
    "--seeds",
    "seed_count",
    type=click.IntRange(min=1),
    default=1,
    help="How many seeds, from the configuration's trainer.seed upwards.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False, resolve_path=True),
    default=CODE_ROOT / "artifacts/benchmarks/model_quality",
    metavar="DIR",
    help="Output root of the pipeline's runs.",
)
@click.option(
    "--json",
    "json_path",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the measurements as JSON.",
)
def main(source: str, seed_count: int, output: Path, json_path: Path | None) -> None:
    """Compare the pipeline's model with gradient boosting on the same rows."""
    try:
        config = load_config(source)
    except ConfigError as error:
        raise click.UsageError(str(error)) from error
    table = load_feature_table(config.task)
    first = config.trainer.seed
    # Google's client library, which TFX brings along, gives notice of leaving Python 3.10.
    warnings.filterwarnings("ignore", category=FutureWarning, module="google")
    pipelines = {
        seed: train_pipeline(source, seed, output) for seed in range(first, first + seed_count)
    }
    measurements = measure_models(pipelines, table)
    Screen().print(create_table(measurements))
    if json_path is not None:
        json_path.parent.mkdir(parents=True, exist_ok=True)
        content = [dataclasses.asdict(measurement) for measurement in measurements]
        json_path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
