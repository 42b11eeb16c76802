"""The process that loads a SavedModel and replays examples: TensorFlow alone, no Keras, no TFX.

Run as ``python -m components.model_validator.replay_process REQUEST DIRECTORY`` by
``serving_replay``: reads the request, writes ``outcome.json`` and ``arrays.npz``.
"""

from __future__ import annotations

import contextlib
import fcntl
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from components.evaluator.model_error import describe_error
from components.model_validator.serving_replay import (
    ARRAYS_FILE,
    LABEL_SIGNATURE,
    OUTCOME_FILE,
    PROBABILITY_OUTPUT,
    SERVING_SIGNATURE,
    TURN_FILE,
    LabeledFeatures,
    ReplayMeasures,
    ReplayOutcome,
    ReplayRequest,
    SliceColumn,
    pack_labeled,
    pack_slices,
)

Signature: TypeAlias = tf.types.experimental.ConcreteFunction

_WARM_UP_ROWS = 10
_TYPES = {"float": tf.float32, "int": tf.int64, "bytes": tf.string}


def main(request_path: Path, directory: Path) -> None:
    """Replay a request.

    Args:
        request_path: A ``ReplayRequest`` as JSON.
        directory: Gets the outcome and, if the model could be served, the arrays; the folder
            above it holds the lock that takes turns.
    """
    request = ReplayRequest.model_validate_json(request_path.read_text(encoding="utf-8"))
    try:
        with _wait_for_turn(directory.parent):
            measures, arrays = replay(request)
    except (KeyError, OSError, TypeError, ValueError, tf.errors.OpError) as error:
        outcome = ReplayOutcome(problem=describe_error(error))
    else:
        np.savez(directory / ARRAYS_FILE, **arrays)
        outcome = ReplayOutcome(measures=measures)
    (directory / OUTCOME_FILE).write_text(outcome.model_dump_json(), encoding="utf-8")


def replay(
    request: ReplayRequest,
) -> tuple[ReplayMeasures, dict[str, npt.NDArray[np.generic]]]:
    """Load the model, replay all rows in batches, and single rows for the latency.

    Args:
        request: Which model, on which rows.

    Returns:
        What serving costs, and the arrays by name.

    Raises:
        KeyError: If a signature or an output is missing.
        tf.errors.OpError: If the model can't be loaded, or can't take the examples.
    """
    began = time.perf_counter()
    signatures = tf.saved_model.load(request.model_directory).signatures
    load_seconds = time.perf_counter() - began
    serve = _find_signature(signatures, SERVING_SIGNATURE)
    batches = list(_read_batches(request.example_files, request.batch_rows))
    probabilities = np.concatenate([_serve(serve, batch) for batch in batches])
    arrays: dict[str, npt.NDArray[np.generic]] = {"probabilities": probabilities}
    if request.label is not None:
        transform = _find_signature(signatures, LABEL_SIGNATURE)
        arrays |= _describe_rows(request, request.label, transform, batches)
    latencies_ms = measure_latencies_ms(serve, batches, request.latency_rows)
    return ReplayMeasures(
        rows=len(probabilities),
        load_seconds=load_seconds,
        latency_p50_ms=float(np.percentile(latencies_ms, 50)),
        latency_p99_ms=float(np.percentile(latencies_ms, 99)),
        size_mb=_measure_bytes(Path(request.model_directory)) / 1e6,
    ), arrays


def measure_latencies_ms(
    serve: Signature, batches: Iterable[tf.Tensor], count: int
) -> npt.NDArray[np.float64]:
    """Measure requests of one row each, after a few to warm up.

    Args:
        serve: ``serving_default``.
        batches: Serialized examples, string, [rows of it] each.
        count: Number of requests; the rows are spread evenly over the examples.

    Returns:
        Milliseconds a request, answer copied out, shape [count].
    """
    rows = tf.concat(list(batches), axis=0)
    places = np.linspace(0, len(rows) - 1, _WARM_UP_ROWS + count).astype(np.int64)
    latencies = []
    for place in places:
        request = rows[place : place + 1]
        began = time.perf_counter()
        _serve(serve, request)
        latencies.append((time.perf_counter() - began) * 1000)
    return np.array(latencies[_WARM_UP_ROWS:], dtype=np.float64)


@contextlib.contextmanager
def _wait_for_turn(directory: Path) -> Iterator[None]:
    """Hold the lock that the processes beside this one wait for."""
    with (directory / TURN_FILE).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _find_signature(signatures: Mapping[str, Signature], name: str) -> Signature:
    if name not in signatures:
        raise KeyError(f"it has no signature {name!r}, only {sorted(signatures)}")
    return signatures[name]


def _serve(serve: Signature, batch: tf.Tensor) -> npt.NDArray[np.float64]:
    outputs = serve(examples=batch)
    if PROBABILITY_OUTPUT not in outputs:
        raise KeyError(f"{SERVING_SIGNATURE} gives {sorted(outputs)}, no {PROBABILITY_OUTPUT!r}")
    answers = outputs[PROBABILITY_OUTPUT].numpy().reshape(-1).astype(np.float64)
    if answers.size != len(batch):
        raise ValueError(f"{SERVING_SIGNATURE} gives {answers.size} answers to {len(batch)} rows")
    return answers


def _read_batches(files: Iterable[str], batch_rows: int, every: int = 1) -> Iterable[tf.Tensor]:
    records = tf.data.TFRecordDataset(list(files), compression_type="GZIP")
    yield from records.shard(every, 0).batch(batch_rows)


def _describe_rows(
    request: ReplayRequest, label: str, transform: Signature, batches: list[tf.Tensor]
) -> dict[str, npt.NDArray[np.generic]]:
    outputs = _transform(transform, batches)
    slices = {
        name: _code(texts, np.ones(len(texts), np.bool_))
        for name, texts in outputs.items()
        if name in request.attributes
    }
    for name, kind in request.columns.items():
        slices[name] = _read_column(name, _TYPES[kind], batches)
    arrays = pack_slices(slices) | pack_labeled("evaluated", _separate_label(outputs, label))
    if request.train_files:
        every = _find_step(request.train_files, request.max_train_rows)
        train = _transform(transform, _read_batches(request.train_files, request.batch_rows, every))
        arrays |= pack_labeled("train", _separate_label(train, label))
    return arrays


def _find_step(files: Iterable[str], most: int) -> int:
    """Find how many rows to go on by, so that no more than the most are taken."""
    records = tf.data.TFRecordDataset(list(files), compression_type="GZIP")
    rows = int(records.reduce(tf.constant(0, tf.int64), lambda count, _: count + 1))
    return max(1, -(-rows // most))


def _transform(
    transform: Signature, batches: Iterable[tf.Tensor]
) -> dict[str, npt.NDArray[np.generic]]:
    parts = [
        {name: values.numpy() for name, values in transform(examples=batch).items()}
        for batch in batches
    ]
    return {name: np.concatenate([part[name].reshape(-1) for part in parts]) for name in parts[0]}


def _separate_label(outputs: Mapping[str, npt.NDArray[np.generic]], label: str) -> LabeledFeatures:
    """Take the label and the features, which are numbers, out of what Transform gives."""
    if label not in outputs:
        raise KeyError(f"{LABEL_SIGNATURE} gives {sorted(outputs)}, and no label {label!r}")
    features = {
        name: values
        for name, values in outputs.items()
        if name != label and np.issubdtype(values.dtype, np.number)
    }
    return LabeledFeatures(outputs[label].astype(np.float64), features)


def _read_column(name: str, dtype: tf.DType, batches: Iterable[tf.Tensor]) -> SliceColumn:
    """Read a raw column; of several values in a row the first counts."""
    values, present = [], []
    for batch in batches:
        column = tf.io.parse_example(batch, {name: tf.io.VarLenFeature(dtype)})[name]
        dense = tf.sparse.to_dense(column)
        rows = np.zeros(len(batch), np.bool_)
        rows[column.indices.numpy()[:, 0]] = True
        present.append(rows)
        values.append(dense.numpy()[rows, 0])
    return _code(np.concatenate(values), np.concatenate(present))


def _code(values: npt.NDArray[np.generic], present: npt.NDArray[np.bool_]) -> SliceColumn:
    """Number the distinct values, as texts as TFMA writes them.

    Args:
        values: Values of the rows that have one, in order.
        present: Which rows those are, shape [rows].

    Returns:
        The slice of each row.
    """
    distinct, inverse = np.unique(values, return_inverse=True)
    codes = np.full(len(present), -1, np.int64)
    codes[present] = inverse
    texts = [
        value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value)
        for value in distinct.tolist()
    ]
    return SliceColumn(np.array(texts, dtype=np.str_), codes)


def _measure_bytes(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
