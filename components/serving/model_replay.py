"""The facts of a model's serving replay; plain Python."""

from __future__ import annotations

from components.record import Record


class ModelReplay(Record):
    """Facts about serving a model; what could not be measured is None.

    Attributes:
        problem: Why the model could not be served, in one line; None where it could.
        load_seconds: Time to load the SavedModel, after TensorFlow is imported.
        latency_p50_ms: Median time of a request of one row, in milliseconds.
        latency_p99_ms: 99th percentile of the same.
        size_mb: Size of the SavedModel's files, in 10^6 bytes.
        prediction_difference: Largest difference between a row's probability in the replay and
            the one that the Evaluator measured.
        difference_at: The row that has it, or why there is none.
    """

    problem: str | None = None
    rows: int | None = None
    load_seconds: float | None = None
    latency_p50_ms: float | None = None
    latency_p99_ms: float | None = None
    size_mb: float | None = None
    prediction_difference: float | None = None
    difference_at: str | None = None
