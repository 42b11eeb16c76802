"""Load a SavedModel and ask it as a server's clients would; TensorFlow alone, no TFX.

``replay_process`` runs it in a process of its own.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import tensorflow as tf

from components.serving.example_records import open_records
from components.serving.replay_client import (
    LABEL_SIGNATURE,
    PROBABILITY_OUTPUT,
    SERVING_SIGNATURE,
    LabeledFeatures,
    ReplayMeasures,
    ReplayRequest,
    pack_labeled,
    pack_slices,
)
from components.serving.slice_columns import code_values

Signature: TypeAlias = tf.types.experimental.ConcreteFunction
_Answer = TypeVar("_Answer")

_WARM_UP_ROWS = 10


def replay(
    request: ReplayRequest,
) -> tuple[ReplayMeasures, dict[str, npt.NDArray[np.generic]]]:
    """Load the model, replay all rows in batches, and single rows for the latency.

    Returns:
        What serving costs, and the arrays by name.

    Raises:
        OSError: If there is no SavedModel.
        KeyError: If a signature or an output is missing.
        ValueError: If the model does not give one answer a row.
        tf.errors.OpError: If the model can't be loaded, or can't take the examples.
    """
    began = time.perf_counter()
    signatures = tf.saved_model.load(request.model_directory).signatures
    load_seconds = time.perf_counter() - began
    serve = _find_signature(signatures, SERVING_SIGNATURE)
    records = open_records(Path(request.records_file))
    answers = _ask(lambda batch: _serve(serve, batch), records, request.batch_rows)
    arrays: dict[str, npt.NDArray[np.generic]] = {"probabilities": np.concatenate(list(answers))}
    if request.label is not None:
        transform = _find_signature(signatures, LABEL_SIGNATURE)
        arrays |= _describe_rows(request, request.label, transform, records)
    latencies_ms = measure_latencies_ms(serve, records, request.latency_rows)
    return ReplayMeasures(
        rows=len(records),
        load_seconds=load_seconds,
        latency_p50_ms=float(np.percentile(latencies_ms, 50)),
        latency_p99_ms=float(np.percentile(latencies_ms, 99)),
        size_mb=_measure_bytes(Path(request.model_directory)) / 1e6,
    ), arrays


def measure_latencies_ms(
    serve: Signature, records: pa.ChunkedArray, count: int
) -> npt.NDArray[np.float64]:
    """Measure requests of one row each, after a few to warm up.

    Args:
        serve: ``serving_default``.
        records: Serialized examples, [rows].
        count: Number of requests; the rows are spread evenly over the examples.

    Returns:
        Milliseconds a request, answer copied out, shape [count].
    """
    places = np.linspace(0, len(records) - 1, _WARM_UP_ROWS + count).astype(np.int64)
    latencies = []
    for place in places:
        request = tf.constant([records[int(place)].as_py()])
        began = time.perf_counter()
        _serve(serve, request)
        latencies.append((time.perf_counter() - began) * 1000)
    return np.array(latencies[_WARM_UP_ROWS:], dtype=np.float64)


def _find_signature(signatures: Mapping[str, Signature], name: str) -> Signature:
    if name not in signatures:
        raise KeyError(f"it has no signature {name!r}, only {sorted(signatures)}")
    return signatures[name]


def _ask(
    answer: Callable[[tf.Tensor], _Answer], records: pa.ChunkedArray, batch_rows: int
) -> Iterator[_Answer]:
    """Ask for the rows in batches, as many at a time as there are processors, and give in order."""

    def answer_batch(first: int) -> _Answer:
        return answer(tf.constant(records.slice(first, batch_rows).to_numpy(), tf.string))

    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        yield from pool.map(answer_batch, range(0, len(records), batch_rows))


def _serve(serve: Signature, batch: tf.Tensor) -> npt.NDArray[np.float64]:
    outputs = serve(examples=batch)
    if PROBABILITY_OUTPUT not in outputs:
        raise KeyError(f"{SERVING_SIGNATURE} gives {sorted(outputs)}, no {PROBABILITY_OUTPUT!r}")
    answers = outputs[PROBABILITY_OUTPUT].numpy().reshape(-1).astype(np.float64)
    if answers.size != len(batch):
        raise ValueError(f"{SERVING_SIGNATURE} gives {answers.size} answers to {len(batch)} rows")
    return answers


def _describe_rows(
    request: ReplayRequest, label: str, transform: Signature, records: pa.ChunkedArray
) -> dict[str, npt.NDArray[np.generic]]:
    outputs = _transform(transform, records, request.batch_rows)
    slices = {
        name: code_values(name, pa.array(texts, pa.binary()))
        for name, texts in outputs.items()
        if name in request.attributes
    }
    arrays = pack_slices(slices) | pack_labeled("evaluated", _separate_label(outputs, label))
    if request.train_records_file is not None:
        records = open_records(Path(request.train_records_file))
        train = _transform(transform, records, request.batch_rows)
        arrays |= pack_labeled("train", _separate_label(train, label))
    return arrays


def _transform(
    transform: Signature, records: pa.ChunkedArray, batch_rows: int
) -> dict[str, npt.NDArray[np.generic]]:
    def answer(batch: tf.Tensor) -> dict[str, npt.NDArray[np.generic]]:
        return {name: values.numpy() for name, values in transform(examples=batch).items()}

    parts = list(_ask(answer, records, batch_rows))
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


def _measure_bytes(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())
