"""The file in which the Trainer notes how a training went; plain Python."""

from __future__ import annotations

HISTORY_FILE = "history.csv"
"""File of the ``model_run`` artifact: one line per epoch, with Keras's names of the metrics."""

ROWS_PER_SECOND = "rows_per_second"
"""Column of that file: training rows per second in the epoch, without its validation."""
