"""Check that a champion can still be measured on today's rows, before anything relies on it.

A champion outlives the columns that it was made for: a column may have another type today, or the
label another name. TFMA would end in a stack trace then, and every candidate with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import tensorflow as tf

from components.evaluator.eval_config import (
    LABEL_SIGNATURE,
    PROBABILITY_OUTPUT,
    SERVING_SIGNATURE,
)
from components.evaluator.model_error import describe_error

MISFIT_FILE = "champion_misfit.txt"
"""File beside the metrics that says why there are none of the champion."""

_CHECKED_ROWS = 64


def find_misfit(model_directory: Path, example_files: Sequence[Path], label: str) -> str | None:
    """Say why a model can't be measured on these rows.

    Args:
        model_directory: Folder of a SavedModel.
        example_files: Gzipped TFRecord files of raw training examples; the first rows are tried.
        label: Name under which ``transform_features`` must give the label.

    Returns:
        One line, or None for a model that fits.
    """
    files = [str(path) for path in example_files]
    rows = tf.data.TFRecordDataset(files, compression_type="GZIP").batch(_CHECKED_ROWS)
    try:
        signatures = tf.saved_model.load(str(model_directory)).signatures
        for batch in rows.take(1):
            for signature, output in (
                (SERVING_SIGNATURE, PROBABILITY_OUTPUT),
                (LABEL_SIGNATURE, label),
            ):
                if signature not in signatures:
                    return f"it has no signature {signature!r}, only {sorted(signatures)}"
                outputs = signatures[signature](examples=batch)
                if output not in outputs:
                    return f"{signature} gives {sorted(outputs)}, and no {output!r}"
    except (OSError, TypeError, ValueError, tf.errors.OpError) as error:
        return describe_error(error)
    return None


def read_misfit(evaluation_directory: Path) -> str | None:
    """Read why an evaluation left the champion out; None where it did not."""
    path = evaluation_directory / MISFIT_FILE
    return path.read_text(encoding="utf-8").strip() if path.is_file() else None
