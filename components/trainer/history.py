"""Where the Trainer leaves the course of a training; plain Python."""

from __future__ import annotations

HISTORY_FILE = "history.csv"
"""File of the ``model_run`` artifact: a line an epoch, with Keras's names of the metrics."""

ROWS_PER_SECOND = "rows_per_second"
"""Column of that file: training rows a second in the epoch, without its validation."""
