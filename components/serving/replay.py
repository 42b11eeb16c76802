"""The serving replay itself: load a SavedModel and ask it as a server's clients would.

``replay_process`` runs it in a process of its own, with TensorFlow alone and no TFX.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import tensorflow as tf

from components.serving.example_records import open_records
from components.serving.loaded_model import LoadedModel
from components.serving.model_replay import ModelReplay
from components.serving.replay_client import ReplayRequest
from components.serving.signatures import PROBABILITY, SERVING, TRANSFORM

_WARM_UP_ROWS = 10


def replay(request: ReplayRequest) -> tuple[ModelReplay, dict[str, npt.NDArray[Any]]]:
    """Load the model, replay all rows in batches, and single rows for the latency.

    Returns:
        What serving costs; and ``probabilities``, and ``labels`` where the request names the label,
        float64 [rows].

    Raises:
        OSError: If there is no SavedModel.
        SignatureError: If a signature or an output is missing, or does not have one value per row.
        tf.errors.OpError: If the model can't be loaded, or can't take the examples.
    """
    began = time.perf_counter()
    model = LoadedModel(request.model_directory)
    load_seconds = time.perf_counter() - began
    records = open_records(Path(request.records_file))

    def ask(signature: str, output: str) -> npt.NDArray[np.float64]:
        threads = len(os.sched_getaffinity(0))
        answers = model.ask(signature, [output], records, request.batch_rows, threads)
        return answers[output].astype(np.float64)

    arrays = {"probabilities": ask(SERVING, PROBABILITY)}
    if request.label is not None:
        arrays["labels"] = ask(TRANSFORM, request.label)
    latencies_ms = measure_latencies_ms(model, records, request.latency_rows)
    files = Path(request.model_directory).rglob("*")
    return ModelReplay(
        rows=len(records),
        load_seconds=load_seconds,
        latency_p50_ms=float(np.percentile(latencies_ms, 50)),
        latency_p99_ms=float(np.percentile(latencies_ms, 99)),
        size_mb=sum(path.stat().st_size for path in files if path.is_file()) / 1e6,
    ), arrays


def measure_latencies_ms(
    model: LoadedModel, records: pa.ChunkedArray, count: int
) -> npt.NDArray[np.float64]:
    """Measure requests of one row each, spread over the records, answers copied out; [count]."""
    serve = model.find_signature(SERVING)
    places = np.linspace(0, len(records) - 1, _WARM_UP_ROWS + count).astype(np.int64)
    latencies = []
    for place in places:
        request = tf.constant([records[int(place)].as_py()])
        began = time.perf_counter()
        serve(examples=request)[PROBABILITY].numpy()
        latencies.append((time.perf_counter() - began) * 1000)
    return np.array(latencies[_WARM_UP_ROWS:], dtype=np.float64)
