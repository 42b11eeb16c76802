"""The taxi model without any pipeline: one program of pandas, pyarrow, NumPy and tf.keras.

What a good engineer writes when a script is all that is wanted: read the CSV, look at the columns,
split, transform, train the pipeline's model with its settings, evaluate the same slices, and export
a SavedModel that takes raw columns. It is what the pipeline's speed is measured against, so it is
meant to be fast: everything is columnar and in memory, and AutoGraph is kept out.

It uses nothing of the project: neither its feature table, nor TFX, Beam, TFT, TFDV or TFMA.
``python benchmarks/plain_script.py --data DIR --output DIR`` leaves ``statistics.json``,
``evaluation.json``, ``result.json`` and ``model/``.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv

if TYPE_CHECKING:
    import tensorflow as tf

FLOATS = (
    "fare",
    "pickup_latitude",
    "pickup_longitude",
    "dropoff_latitude",
    "dropoff_longitude",
    "trip_miles",
    "tips",
)
INTEGERS = (
    "pickup_community_area",
    "trip_start_month",
    "trip_start_hour",
    "trip_start_day",
    "trip_start_timestamp",
    "pickup_census_tract",
    "dropoff_census_tract",
    "trip_seconds",
    "dropoff_community_area",
)
TEXTS = ("payment_type", "company")
SPLIT_TENTHS = {"train": 6, "validation": 1, "test": 3}
SLICE_COLUMNS = ("payment_type", "company", "pickup_community_area", "trip_start_hour")

# Maximum size of each vocabulary, and minimum training rows per category.
VOCABULARIES = {
    "pickup_community_area": (77, 5),
    "payment_type": (20, 1),
    "company": (100, 5),
    "dropoff_community_area": (77, 5),
}
RANGES = {"trip_start_month": (1, 12), "trip_start_hour": (0, 23), "trip_start_day": (1, 7)}
SCALED = ("fare", "trip_miles", "trip_seconds")
BUCKETED, BUCKETS = "fare", 40
STEPPED, STEP_CENTS, LAST_STEP = "fare", 500, 12
TIP_PERCENT = 20
MISSING = "(missing)"

MODEL_INTEGERS = (*RANGES, "pickup_community_area", "dropoff_community_area", "trip_seconds")
MODEL_FLOATS = ("fare", "trip_miles")

_QUANTILES = 100
_HISTOGRAM_BINS = 10
_TOP_VALUES = 1000
_PREDICTION_BATCH_ROWS = 8192
_VALIDATION_BATCH_ROWS = 4096
_THRESHOLD = 0.5
_PROBABILITY_MARGIN = 1e-7
_CHECKED_ROWS = 1000
_SEED = 20130101
_STEPS_PER_EXECUTION = 50
_POSITIVE = click.IntRange(min=1)
_FOLDER = click.Path(path_type=Path, file_okay=False)
_EXISTING_FOLDER = click.Path(path_type=Path, file_okay=False, exists=True)

Array = npt.NDArray[Any]
Columns = Mapping[str, Array]


@dataclasses.dataclass(frozen=True)
class Budget:
    """How long to train.

    Attributes:
        max_epochs: Maximum number of passes over the training split.
        patience: Epochs without a better validation log loss before training stops.
        batch_size: Rows per gradient step.
        rows_budget: Training ends after the pass in which so many rows have been seen.
        epoch_rows: Maximum rows per epoch, after which the model is validated: a pass over more is
            several epochs.
    """

    max_epochs: int
    patience: int
    batch_size: int
    rows_budget: int
    epoch_rows: int

    def plan_epochs(self, training_rows: int) -> tuple[int, int]:
        """Plan training on so many rows: the maximum number of epochs, and the steps in each."""
        passes = min(self.max_epochs, math.ceil(self.rows_budget / training_rows))
        epochs_per_pass = math.ceil(training_rows / self.epoch_rows)
        steps = math.ceil(math.ceil(training_rows / self.batch_size) / epochs_per_pass)
        return passes * epochs_per_pass, steps


@dataclasses.dataclass(frozen=True)
class Transformation:
    """The transformation's parameters, computed from the training split.

    Attributes:
        vocabularies: Categories by column, the most frequent first; a category's place is its
            index, and an unknown one gets the index after the last.
        means: Mean of ``log(1 + x)`` over the rows that have a value, by column.
        deviations: Standard deviation of the same.
        boundaries: Between the fare's quantile buckets, [buckets - 1], USD.
    """

    vocabularies: Mapping[str, Sequence[str]]
    means: Mapping[str, float]
    deviations: Mapping[str, float]
    boundaries: npt.NDArray[np.float32]


def read_trips(directory: Path) -> pd.DataFrame:
    """Read the CSV files of a folder.

    Returns:
        One row per trip. Texts are categories; an integer column with gaps is float64, which holds
        every integer here exactly.
    """
    types = {
        **dict.fromkeys(FLOATS, pa.float32()),
        **dict.fromkeys(INTEGERS, pa.int64()),
        **dict.fromkeys(TEXTS, pa.dictionary(pa.int32(), pa.string())),
    }
    options = pa_csv.ConvertOptions(column_types=types, strings_can_be_null=True, null_values=[""])
    paths = sorted(directory.glob("*.csv"))
    tables = (pa_csv.read_csv(path, convert_options=options) for path in paths)
    table = pa.concat_tables(tables).unify_dictionaries()
    return table.to_pandas(split_blocks=True, self_destruct=True)


def split_trips(trips: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Split trips by a hash of their cells: the same trip is always in the same split."""
    tenths = pd.util.hash_pandas_object(trips, index=False).to_numpy() % 10
    ends = np.cumsum(list(SPLIT_TENTHS.values()))
    numbers = np.searchsorted(ends, tenths, side="right")
    return {name: trips[numbers == number] for number, name in enumerate(SPLIT_TENTHS)}


def describe_columns(trips: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Compute every column's statistics, by column."""
    return {
        name: describe_texts(trips[name]) if name in TEXTS else describe_numbers(trips[name])
        for name in trips.columns
    }


def describe_texts(column: pd.Series[Any]) -> dict[str, Any]:
    """Count values, the most frequent first."""
    counts = column.value_counts()
    counts = counts[counts > 0]
    present = int(counts.sum())
    return {
        "count": present,
        "missing": len(column) - present,
        "distinct": len(counts),
        "mean_length": float((counts.index.str.len() * counts).sum() / max(present, 1)),
        "top": {str(value): int(count) for value, count in counts.head(_TOP_VALUES).items()},
    }


def describe_numbers(column: pd.Series[Any]) -> dict[str, Any]:
    """Measure moments, quantiles and a histogram of equally wide bins."""
    values = column.to_numpy(np.float64)
    present = np.sort(values[~np.isnan(values)])
    described: dict[str, Any] = {"count": len(present), "missing": len(values) - len(present)}
    if not len(present):
        return described
    places = np.rint(np.linspace(0, len(present) - 1, _QUANTILES + 1)).astype(np.int64)
    edges = np.linspace(present[0], present[-1], _HISTOGRAM_BINS + 1)
    inner = np.searchsorted(present, edges[1:-1], side="left")
    return {
        **described,
        "distinct": int(np.count_nonzero(np.diff(present)) + 1),
        "zeros": int(np.searchsorted(present, 0, "right") - np.searchsorted(present, 0, "left")),
        "mean": float(present.mean()),
        "std": float(present.std()),
        "min": float(present[0]),
        "median": float(present[(len(present) - 1) // 2]),
        "max": float(present[-1]),
        "quantiles": present[places].tolist(),
        "histogram": {
            "edges": edges.tolist(),
            "counts": np.diff([0, *inner, len(present)]).tolist(),
        },
    }


def fit_transformation(train: pd.DataFrame) -> Transformation:
    """Compute vocabularies, moments and quantiles."""
    logs = {name: _take_log(train[name].to_numpy(np.float64)) for name in SCALED}
    shares = np.linspace(0, 1, BUCKETS + 1)[1:-1]
    fares = train[BUCKETED].to_numpy()
    return Transformation(
        vocabularies={
            name: build_vocabulary(train[name], max_size, min_rows)
            for name, (max_size, min_rows) in VOCABULARIES.items()
        },
        means={name: float(np.nanmean(values)) for name, values in logs.items()},
        deviations={name: float(np.nanstd(values)) for name, values in logs.items()},
        boundaries=np.quantile(fares[~np.isnan(fares)], shares).astype(np.float32),
    )


def build_vocabulary(column: pd.Series[Any], max_size: int, min_rows: int) -> list[str]:
    """List categories of at least ``min_rows`` rows, as text; missing values are one of them.

    Returns:
        The most frequent first, of equally frequent ones the last in the order of their bytes.
    """
    codes, names = _number_categories(column)
    counted = zip(np.bincount(codes, minlength=len(names)).tolist(), names, strict=True)
    ranked = sorted(
        ((count, name.encode()) for count, name in counted if count >= min_rows), reverse=True
    )
    return [name.decode() for _, name in ranked[:max_size]]


def _number_categories(column: pd.Series[Any]) -> tuple[Array, list[str]]:
    """Number a column's values from 0; returns the rows' numbers, and each number's text."""
    codes, uniques = pd.factorize(column)
    names = [value if isinstance(value, str) else str(int(value)) for value in uniques]
    # pandas numbers a missing value -1: the last name.
    return np.where(codes < 0, len(names), codes), [*names, MISSING]


def _take_log(values: Array) -> Array:
    return np.log1p(np.maximum(values, 0))


def _count_cents(amounts: Array) -> Array:
    """Round USD to whole cents, so that amounts compare exactly; missing ones are 0."""
    return np.rint(np.nan_to_num(amounts.astype(np.float64)) / 0.01).astype(np.int64)


def transform_trips(trips: pd.DataFrame, fitted: Transformation) -> dict[str, Array]:
    """Turn columns into the model's inputs: int32 indices and float32 numbers, [rows] each."""
    inputs: dict[str, Array] = {}
    for name, vocabulary in fitted.vocabularies.items():
        places = {category: place for place, category in enumerate(vocabulary)}
        codes, names = _number_categories(trips[name])
        table = np.array([places.get(each, len(vocabulary)) for each in names], np.int32)
        inputs[f"{name}_index"] = table[codes]
    for name, (low, high) in RANGES.items():
        values = trips[name].to_numpy(np.float64)
        inside = (values >= low) & (values <= high)
        inputs[f"{name}_index"] = np.where(inside, values - low, high - low + 1).astype(np.int32)
    for name in SCALED:
        logs = _take_log(trips[name].to_numpy(np.float64))
        scaled = (logs - fitted.means[name]) / (fitted.deviations[name] or 1)
        inputs[f"{name}_scaled"] = np.nan_to_num(scaled).astype(np.float32)
    fares = trips[BUCKETED].to_numpy(np.float32)
    buckets = np.searchsorted(fitted.boundaries, fares, side="right")
    inputs[f"{BUCKETED}_bucket"] = np.where(np.isnan(fares), BUCKETS, buckets).astype(np.int32)
    cents = _count_cents(fares)
    steps = np.where(np.isnan(fares), LAST_STEP + 1, np.clip(cents // STEP_CENTS, 0, LAST_STEP))
    inputs[f"{STEPPED}_step"] = steps.astype(np.int32)
    inputs[f"{STEPPED}_step_fraction"] = (cents % STEP_CENTS / STEP_CENTS).astype(np.float32)
    return inputs


def compute_label(trips: pd.DataFrame) -> Array:
    """Find big tips; returns float32 of 0 and 1, [rows]."""
    tips, fares = (_count_cents(trips[name].to_numpy()) for name in ("tips", "fare"))
    return (100 * tips > TIP_PERCENT * fares).astype(np.float32)


def count_indices(fitted: Transformation) -> dict[str, int | None]:
    """List the model's inputs: the number of indices of each, None for a number."""
    return {
        **{f"{name}_index": len(words) + 1 for name, words in fitted.vocabularies.items()},
        **{f"{name}_index": high - low + 2 for name, (low, high) in RANGES.items()},
        **{f"{name}_scaled": None for name in SCALED},
        f"{BUCKETED}_bucket": BUCKETS + 1,
        f"{STEPPED}_step": LAST_STEP + 2,
        f"{STEPPED}_step_fraction": None,
    }


def build_model(index_counts: Mapping[str, int | None], steps_per_epoch: int) -> tf.keras.Model:
    """Build the pipeline's model: embeddings and numbers into two dense layers."""
    import tensorflow as tf

    class Classifier(tf.keras.Model):
        """A model whose steps AutoGraph, which would take seconds over them, leaves alone."""

        @tf.autograph.experimental.do_not_convert
        def train_step(self, data: Any) -> dict[str, tf.Tensor]:
            return super().train_step(data)

        @tf.autograph.experimental.do_not_convert
        def test_step(self, data: Any) -> dict[str, tf.Tensor]:
            return super().test_step(data)

    layers, regularizers = tf.keras.layers, tf.keras.regularizers
    inputs, parts = {}, []
    for name, count in index_counts.items():
        inputs[name] = layers.Input((), name=name, dtype=tf.int32 if count else tf.float32)
        if count:
            penalty = regularizers.L2(1e-3)
            parts.append(layers.Embedding(count, 4, embeddings_regularizer=penalty)(inputs[name]))
        else:
            parts.append(layers.Reshape((1,))(inputs[name]))
    hidden = layers.Concatenate()(parts)
    for width in (64, 32):
        penalty = regularizers.L2(1e-4)
        hidden = layers.Dense(width, activation="relu", kernel_regularizer=penalty)(hidden)
        hidden = layers.Dropout(0.3)(hidden)
    model = Classifier(inputs, layers.Dense(1, activation="sigmoid")(hidden))
    model.compile(
        optimizer=tf.keras.optimizers.Adam(0.002),
        loss="binary_crossentropy",
        metrics=[
            tf.keras.metrics.BinaryCrossentropy(name="log_loss"),
            tf.keras.metrics.AUC(name="auc"),
        ],
        # Between two executions Keras is in Python, which takes longer than a step.
        steps_per_execution=min(_STEPS_PER_EXECUTION, steps_per_epoch),
    )
    return model


def train_model(
    index_counts: Mapping[str, int | None],
    train: tuple[Columns, Array],
    validation: tuple[Columns, Array],
    budget: Budget,
) -> tuple[tf.keras.Model, int]:
    """Train until the validation log loss stops falling or the budget is spent.

    Returns:
        The model with its best weights, and the number of training rows seen, each pass counted.
    """
    import tensorflow as tf

    tf.keras.utils.set_random_seed(_SEED)
    rows = len(train[1])
    epochs, steps = budget.plan_epochs(rows)
    model = build_model(index_counts, steps)
    callbacks = tf.keras.callbacks
    best = {"monitor": "val_log_loss", "mode": "min"}
    history = model.fit(
        *train,
        batch_size=budget.batch_size,
        epochs=epochs,
        steps_per_epoch=steps,
        validation_data=validation,
        validation_batch_size=_VALIDATION_BATCH_ROWS,
        callbacks=[
            callbacks.EarlyStopping(patience=budget.patience, restore_best_weights=True, **best),
            callbacks.ReduceLROnPlateau(patience=2, factor=0.4, min_lr=1e-5, **best),
        ],
        verbose=2,
    )
    return model, len(history.epoch) * min(rows, steps * budget.batch_size)


def predict(model: tf.keras.Model, inputs: Columns) -> Array:
    """Score rows in batches; returns the probability of label 1, [rows]."""
    import tensorflow as tf

    score = tf.function(lambda batch: model(batch, training=False), autograph=False)
    scored = []
    for start in range(0, len(next(iter(inputs.values()))), _PREDICTION_BATCH_ROWS):
        rows = slice(start, start + _PREDICTION_BATCH_ROWS)
        # As tensors: a function is traced anew for every NumPy array.
        scored.append(score({name: tf.constant(part[rows]) for name, part in inputs.items()}))
    return np.concatenate(scored)[:, 0]


def compute_metrics(labels: Array, probabilities: Array) -> dict[str, float | int | None]:
    """Compute metrics of at least one row; those that the labels make undefined are None."""
    labels = labels.astype(bool)
    exact = probabilities.astype(np.float64)
    clipped = np.clip(exact, _PROBABILITY_MARGIN, 1 - _PROBABILITY_MARGIN)
    predicted = probabilities > _THRESHOLD
    positives, predicted_positives = int(labels.sum()), int(predicted.sum())
    true_positives = int((labels & predicted).sum())
    losses = np.log(np.where(labels, clipped, 1 - clipped))
    return {
        "rows": len(labels),
        "auc": compute_auc(labels, probabilities),
        "log_loss": float(-losses.mean()),
        "accuracy": float((labels == predicted).mean()),
        "precision": true_positives / predicted_positives if predicted_positives else None,
        "recall": true_positives / positives if positives else None,
        "calibration": float(exact.sum()) / positives if positives else None,
    }


def compute_auc(labels: Array, probabilities: Array) -> float | None:
    """Compute the area under the ROC curve from ranks; None where all labels are the same."""
    positives = int(labels.sum())
    negatives = len(labels) - positives
    if not positives or not negatives:
        return None
    order = np.argsort(probabilities, kind="stable")
    sorted_scores = probabilities[order]
    starts = np.flatnonzero(np.r_[True, sorted_scores[1:] != sorted_scores[:-1]])
    sizes = np.diff(np.r_[starts, len(labels)])
    # Rows of the same score share the mean of their ranks.
    ranks = np.repeat(starts + (sizes + 1) / 2, sizes)
    rank_sum = ranks[labels[order]].sum()
    return float((rank_sum - positives * (positives + 1) / 2) / (positives * negatives))


def evaluate_slices(
    trips: pd.DataFrame, labels: Array, probabilities: Array
) -> dict[str, dict[str, float | int | None]]:
    """Compute metrics ``overall``, and per ``column=value`` of the slice columns."""
    measured = {"overall": compute_metrics(labels, probabilities)}
    for name in SLICE_COLUMNS:
        codes, names = _number_categories(trips[name])
        order = np.argsort(codes, kind="stable")
        ends = np.cumsum(np.bincount(codes, minlength=len(names)))
        for value, rows in zip(names, np.split(order, ends[:-1]), strict=True):
            if len(rows) and value != MISSING:
                measured[f"{name}={value}"] = compute_metrics(labels[rows], probabilities[rows])
    return measured


def export_model(model: tf.keras.Model, fitted: Transformation, directory: Path) -> None:
    """Write a SavedModel that takes raw columns.

    Its signatures are ``serving_default`` (serialized ``tf.Example``) and ``serving_raw`` (one
    tensor per column; NaN, -1 and the empty string stand for missing values).
    """
    import tensorflow as tf

    types = {
        **dict.fromkeys(MODEL_FLOATS, tf.float32),
        **dict.fromkeys(MODEL_INTEGERS, tf.int64),
        **dict.fromkeys(TEXTS, tf.string),
    }
    missing = {tf.float32: math.nan, tf.int64: -1, tf.string: ""}
    module = tf.Module()
    module.variables_of_model = tuple(model.variables)
    module.vocabularies = {
        name: tf.lookup.StaticVocabularyTable(
            tf.lookup.KeyValueTensorInitializer(
                tf.constant(words), tf.range(len(words), dtype=tf.int64)
            ),
            num_oov_buckets=1,
        )
        for name, words in fitted.vocabularies.items()
    }

    def predict(columns: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        inputs = transform_tensors(columns, fitted, module.vocabularies)
        return {"probability": tf.squeeze(model(inputs, training=False), axis=1)}

    def serve_examples(examples: tf.Tensor) -> dict[str, tf.Tensor]:
        spec = {name: tf.io.VarLenFeature(dtype) for name, dtype in types.items()}
        rows = tf.size(examples, tf.int64)
        return predict(
            {
                name: tf.sparse.to_dense(
                    tf.sparse.reset_shape(column, tf.stack([rows, 1])), missing[column.dtype]
                )[:, 0]
                for name, column in tf.io.parse_example(examples, spec).items()
            }
        )

    def serve_columns(**columns: tf.Tensor) -> dict[str, tf.Tensor]:
        return predict(columns)

    examples = tf.TensorSpec([None], tf.string, name="examples")
    columns = {name: tf.TensorSpec([None], dtype, name=name) for name, dtype in types.items()}
    by_example = tf.function(serve_examples, input_signature=[examples], autograph=False)
    by_column = tf.function(serve_columns, autograph=False)
    signatures = {
        "serving_default": by_example.get_concrete_function(),
        "serving_raw": by_column.get_concrete_function(**columns),
    }
    tf.saved_model.save(module, str(directory), signatures)


def transform_tensors(
    columns: Mapping[str, tf.Tensor],
    fitted: Transformation,
    vocabularies: Mapping[str, tf.lookup.StaticVocabularyTable],
) -> dict[str, tf.Tensor]:
    """Do in TensorFlow what ``transform_trips`` does in NumPy.

    Args:
        columns: Raw columns, [batch]; NaN, -1 and the empty string stand for missing values.
    """
    import tensorflow as tf

    inputs = {}
    for name, table in vocabularies.items():
        column = columns[name]
        is_missing = tf.equal(column, "" if column.dtype == tf.string else -1)
        text = column if column.dtype == tf.string else tf.strings.as_string(column)
        inputs[f"{name}_index"] = tf.cast(
            table.lookup(tf.where(is_missing, MISSING, text)), tf.int32
        )
    for name, (low, high) in RANGES.items():
        values = tf.cast(columns[name], tf.int32)
        inside = (values >= low) & (values <= high)
        inputs[f"{name}_index"] = tf.where(inside, values - low, high - low + 1)
    for name in SCALED:
        column = columns[name]
        present = ~tf.math.is_nan(column) if column.dtype == tf.float32 else column >= 0
        logs = tf.math.log1p(tf.maximum(tf.cast(column, tf.float32), 0))
        scaled = (logs - fitted.means[name]) / (fitted.deviations[name] or 1)
        inputs[f"{name}_scaled"] = tf.where(present, scaled, 0.0)
    fares = columns[BUCKETED]
    is_missing = tf.math.is_nan(fares)
    buckets = tf.searchsorted(tf.constant(fitted.boundaries), fares, side="right")
    inputs[f"{BUCKETED}_bucket"] = tf.where(is_missing, BUCKETS, buckets)
    known = tf.where(is_missing, 0.0, fares)
    cents = tf.cast(tf.round(tf.cast(known, tf.float64) / 0.01), tf.int32)
    steps = tf.clip_by_value(cents // STEP_CENTS, 0, LAST_STEP)
    inputs[f"{STEPPED}_step"] = tf.where(is_missing, LAST_STEP + 1, steps)
    inputs[f"{STEPPED}_step_fraction"] = tf.cast(
        tf.math.floormod(cents, STEP_CENTS) / STEP_CENTS, tf.float32
    )
    return inputs


def check_export(directory: Path, trips: pd.DataFrame, probabilities: Array) -> None:
    """Load the exported model and compare its scores with those of the model in memory, [rows].

    Raises:
        ValueError: If an answer differs.
    """
    import tensorflow as tf

    columns = {
        **{name: tf.constant(trips[name].to_numpy(np.float32)) for name in MODEL_FLOATS},
        **{name: tf.constant(trips[name].fillna(-1).to_numpy(np.int64)) for name in MODEL_INTEGERS},
        **{name: tf.constant(trips[name].astype(object).fillna("").to_list()) for name in TEXTS},
    }
    loaded = tf.saved_model.load(str(directory))
    answers = loaded.signatures["serving_raw"](**columns)["probability"].numpy()
    difference = float(np.abs(answers - probabilities).max())
    if difference > 1e-5:
        raise ValueError(f"the exported model differs by {difference} from the trained one")


@contextlib.contextmanager
def measure(step: str, seconds: dict[str, float]) -> Iterator[None]:
    """Measure the wall time of a block, and keep it in ``seconds``."""
    began = time.perf_counter()
    yield
    seconds[step] = round(time.perf_counter() - began, 3)
    click.echo(f"{step}: {seconds[step]:.2f} s")


def run_script(data: Path, output: Path, budget: Budget) -> dict[str, Any]:
    """Run every step.

    Returns:
        ``steps``: seconds of each; ``rows`` by split; ``rows_seen`` in training;
        ``metrics`` overall; ``slices``: how many.
    """
    seconds: dict[str, float] = {}
    with measure("import", seconds):
        import tensorflow  # noqa: F401
    with measure("read", seconds):
        trips = read_trips(data)
    with measure("split", seconds):
        splits = split_trips(trips)
        del trips
    rows = {name: len(split) for name, split in splits.items()}
    with measure("statistics", seconds):
        statistics = {name: describe_columns(split) for name, split in splits.items()}
        _write_json(output / "statistics.json", statistics)
    with measure("transform", seconds):
        fitted = fit_transformation(splits["train"])
        inputs = {name: transform_trips(split, fitted) for name, split in splits.items()}
        labels = {name: compute_label(split) for name, split in splits.items()}
    test = splits.pop("test")[[*MODEL_FLOATS, *MODEL_INTEGERS, *TEXTS]]
    splits.clear()
    with measure("train", seconds):
        model, rows_seen = train_model(
            count_indices(fitted),
            (inputs["train"], labels["train"]),
            (inputs["validation"], labels["validation"]),
            budget,
        )
    with measure("evaluate", seconds):
        probabilities = predict(model, inputs["test"])
        slices = evaluate_slices(test, labels["test"], probabilities)
        _write_json(output / "evaluation.json", slices)
    with measure("export", seconds):
        export_model(model, fitted, output / "model")
        check_export(output / "model", test.iloc[:_CHECKED_ROWS], probabilities[:_CHECKED_ROWS])
    return {
        "steps": seconds,
        "rows": {"csv": sum(rows.values()), **rows},
        "rows_seen": rows_seen,
        "metrics": slices["overall"],
        "slices": len(slices),
    }


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.option("--data", type=_EXISTING_FOLDER, required=True, help="Folder of CSV files.")
@click.option("--output", type=_FOLDER, required=True, help="Folder to write to.")
@click.option("--max-epochs", type=_POSITIVE, default=40, help="Maximum number of passes.")
@click.option("--patience", type=_POSITIVE, default=6, help="Epochs without gain.")
@click.option("--batch-size", type=_POSITIVE, default=256, help="Rows per step.")
@click.option(
    "--rows-budget",
    type=_POSITIVE,
    default=3_000_000,
    help="Stop after the pass in which so many rows have been seen.",
)
@click.option(
    "--epoch-rows", type=_POSITIVE, default=250_000, help="Maximum rows between two validations."
)
def main(data: Path, output: Path, **budget: int) -> None:
    """Train the taxi model without a pipeline."""
    # As in the pipeline, and before TensorFlow is imported: tf.keras is Keras 2.
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    output.mkdir(parents=True, exist_ok=True)
    result = run_script(data, output, Budget(**budget))
    _write_json(output / "result.json", result)


if __name__ == "__main__":
    main()
