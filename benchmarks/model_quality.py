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
from rich.console import Console
from rich.table import Table

from benchmarks.checkout import PROJECT_ROOT
from components.examples.example_encoding import encode_examples
from components.examples.parquet_examples import list_files, read_flat_batches
from components.metrics.score_histogram import PROBABILITY_MARGIN
from pipelines.cli import main as run_pipelines
from pipelines.config.layout import OutputLayout
from pipelines.config.pipeline_config import load_config
from pipelines.metadata.run_store import (
    RunStore,
    StoredArtifact,
    open_run_store,
    read_recorded_result,
)
from pipelines.records.errors import ConfigError
from pipelines.records.exit_code import ExitCode
from pipelines.records.run_summary import RunSummary
from schemas.feature_table import (
    DType,
    Feature,
    FeatureTable,
    Vocabulary,
    load_feature_table,
)

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier

KERAS = "tf.keras"
BOOSTING = "HistGradientBoosting"
ALWAYS_NO = "always no"

_OUTPUT = "artifacts/benchmarks/model_quality"
_LEARNING_SPLITS = ("train", "validation")
_TEST_SPLIT = "test"
_THRESHOLD = 0.5
_SERVING_BATCH_ROWS = 4096
_PLAIN_WIDTH = 100

Labels = npt.NDArray[np.int64]
Probabilities = npt.NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Scores:
    """How good probabilities are.

    Attributes:
        auc: Area under the ROC curve, 0 to 1.
        log_loss: Mean of the rows' log losses, in nats, >= 0.
        accuracy: Share of rows where (probability > 0.5) is the label.
    """

    auc: float
    log_loss: float
    accuracy: float


@dataclasses.dataclass(frozen=True)
class Measurement:
    """One trained model on the held-out rows.

    Attributes:
        seed: Its seed; None where chance has no part.
        learning_rows: Rows that it learned from, those that it stopped by among them.
        test_rows: Held-out rows that it was measured on.
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
        serialized: Serialized ``tf.Example``, one a row.
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
        examples_directory: Folder of the raw examples, with a folder a split.
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
    if dtype is DType.BYTES:
        column = pd.Series(np.nan, index=range(row_count), dtype=object)
        column.iloc[positions] = [value.decode() for value in values.tolist()]
        return column
    column = pd.Series(np.nan, index=range(row_count), dtype=np.float64)
    column.iloc[positions] = values.astype(np.float64)
    return column


def create_feature_matrix(columns: pd.DataFrame, table: FeatureTable) -> pd.DataFrame:
    """Choose and type what the boosting is given.

    Args:
        columns: Raw columns by name, [rows, columns]; others than the table's inputs are left out.

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
    has_vocabulary = any(isinstance(step, Vocabulary) for step in feature.transformations)
    return has_vocabulary or feature.dtype is DType.BYTES


def create_boosting(seed: int) -> HistGradientBoostingClassifier:
    """Create scikit-learn's gradient boosting with its default settings.

    Args:
        seed: Decides the tenth of the rows that it stops by, where it is given more than 10,000.

    Returns:
        A classifier to fit on what ``create_feature_matrix`` makes. A category that it has not
        seen is a missing value to it.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(categorical_features="from_dtype", random_state=seed)


def predict_always_no(learning_labels: Labels, row_count: int) -> Probabilities:
    """Predict without looking: the share of label 1, and never above the threshold.

    Args:
        learning_labels: 0 or 1, [learning rows]; at least one.

    Returns:
        The same probability for each row, [rows].
    """
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
    """Average one model's measurements over its seeds.

    Args:
        measurements: Of one model on the same rows; at least one.

    Returns:
        Their means, without a seed.
    """
    return dataclasses.replace(
        measurements[0],
        seed=None,
        scores=Scores(
            auc=statistics.fmean(each.scores.auc for each in measurements),
            log_loss=statistics.fmean(each.scores.log_loss for each in measurements),
            accuracy=statistics.fmean(each.scores.accuracy for each in measurements),
        ),
        training_seconds=statistics.fmean(each.training_seconds for each in measurements),
    )


def create_table(measurements: Sequence[Measurement]) -> Table:
    """Lay measurements out side by side.

    Args:
        measurements: Of all models and seeds, in the order to be shown; at least one.

    Returns:
        A line each, and a line with the means of each model that has several seeds.
    """
    first = measurements[0]
    table = Table(
        title=f"Held-out split, after learning from {first.learning_rows:,} rows",
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
    """Read raw examples, all at once.

    Args:
        directory: Folder of the examples, with a folder a split.
        splits: Splits to read, one after the other.

    Returns:
        The rows, with the label as Transform computes it.

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
    """Ask an exported model through the signature that serves requests.

    Args:
        serialized: Serialized ``tf.Example``, one a row; at least one.

    Returns:
        Probability of label 1, [rows].
    """
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
        output: Output root of the runs. What the run shows goes to standard error.

    Raises:
        click.exceptions.Exit: With the run's exit code, if it did not end well; it has said why.
    """
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(sys.stderr):
        summary_path = Path(folder) / "summary.json"
        where = ("--output", str(output), "--json", str(summary_path))
        exit_code = run_pipelines(
            ("run", "--config", source, "--set", f"trainer.seed={seed}", "--to", "Trainer", *where)
        )
        if exit_code != ExitCode.DONE:
            raise click.exceptions.Exit(exit_code)
        summary = RunSummary.model_validate_json(summary_path.read_text(encoding="utf-8"))
    with open_run_store(OutputLayout(output).metadata_store, summary.pipeline) as store:
        examples = _find_output(store, summary.run_id, "CsvExampleGen", "examples")
        model = _find_output(store, summary.run_id, "Trainer", "model")
        return TrainedPipeline(
            examples_directory=examples.path,
            model_directory=model.path / "Format-Serving",
            training_seconds=_read_seconds(store, model),
        )


def _find_output(store: RunStore, run_id: str, node_id: str, key: str) -> StoredArtifact:
    execution = store.find_execution(run_id, node_id)
    outputs = store.list_outputs(execution) if execution is not None else []
    for stored in outputs:
        if stored.key == key:
            return stored
    raise LookupError(f"run {run_id}: the metadata store has no output {key!r} of {node_id}")


def _read_seconds(store: RunStore, artifact: StoredArtifact) -> float:
    """Read how long the node took that made an artifact, in this run or in an earlier one."""
    producer = store.find_producer(artifact.artifact.id)
    result = read_recorded_result(producer) if producer is not None else None
    if result is None:
        raise LookupError(f"{artifact.path}: the metadata store does not tell who made it")
    return result.seconds


def measure_models(
    pipelines: Mapping[int, TrainedPipeline], table: FeatureTable
) -> list[Measurement]:
    """Measure the pipeline's models, the boosting and the baseline on the same rows.

    Args:
        pipelines: What the pipeline left, by its seed; at least one. The boosting gets the same
            seeds. The rows are the first one's: a row's hash decides its split in every run alike.

    Returns:
        A measurement for each seed of Keras, then of the boosting, and one for the baseline.
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

    measurements = [
        measure(
            KERAS,
            seed,
            predict_keras(trained.model_directory, test.serialized),
            trained.training_seconds,
        )
        for seed, trained in pipelines.items()
    ]
    learning_matrix = create_feature_matrix(learning.columns, table)
    for seed in pipelines:
        boosting = create_boosting(seed)
        started = time.monotonic()
        boosting.fit(learning_matrix, learning.labels)
        seconds = time.monotonic() - started
        probabilities = boosting.predict_proba(test_matrix)[:, 1]
        measurements.append(measure(BOOSTING, seed, probabilities, seconds))
    by_nobody = predict_always_no(learning.labels, len(test.labels))
    return [*measurements, measure(ALWAYS_NO, None, by_nobody, 0.0)]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    "source",
    default="local",
    show_default=True,
    metavar="FILE",
    help="Environment or path of a YAML file, as for `python -m pipelines run`.",
)
@click.option(
    "--seeds",
    "seed_count",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="How many seeds, from the configuration's trainer.seed upwards.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help=f"Output root of the pipeline's runs. [default: {_OUTPUT}]",
)
@click.option(
    "--json",
    "json_path",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the measurements as JSON.",
)
def main(source: str, seed_count: int, output: Path | None, json_path: Path | None) -> None:
    """Compare the pipeline's model with gradient boosting on the same rows."""
    try:
        config = load_config(source)
    except ConfigError as error:
        raise click.UsageError(str(error)) from error
    table = load_feature_table(config.task)
    root = (output or PROJECT_ROOT / _OUTPUT).absolute()
    first = config.trainer.seed
    # Google's client library, which TFX brings along, gives notice of leaving Python 3.10.
    warnings.filterwarnings("ignore", category=FutureWarning, module="google")
    pipelines = {
        seed: train_pipeline(source, seed, root) for seed in range(first, first + seed_count)
    }
    measurements = measure_models(pipelines, table)
    console = Console()
    if not console.is_terminal:
        console = Console(width=_PLAIN_WIDTH)
    console.print(create_table(measurements), highlight=False)
    if json_path is not None:
        json_path.parent.mkdir(parents=True, exist_ok=True)
        content = [dataclasses.asdict(measurement) for measurement in measurements]
        json_path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
