"""Check that a champion can still be measured on today's rows, before anything relies on it.

A champion outlives the columns that it was made for: a column may have another type today, or the
label another name. Measuring would end in a stack trace then, and every candidate with it.
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
from components.examples.example_encoding import encode_examples
from components.examples.parquet_examples import flatten, list_row_groups, read_row_group
from components.serving.loaded_model import load_model
from components.serving.model_error import describe_error

MISFIT_FILE = "champion_misfit.txt"
"""File beside the metrics that says why there are none of the champion."""

_CHECKED_ROWS = 64


def find_misfit(model_directory: str, example_files: Sequence[str], label: str) -> str | None:
    """Say why a model can't be measured on these rows.

    Args:
        model_directory: Folder of a SavedModel.
        example_files: Files of raw training examples; the first rows are tried.
        label: Name under which ``transform_features`` must give the label.

    Returns:
        One line, or None for a model that fits.
    """
    first_rows = [
        encode_examples(flatten(read_row_group(group).slice(0, _CHECKED_ROWS)))
        for group in list_row_groups(example_files)[:1]
    ]
    try:
        model = load_model(model_directory)
        for signature, output in (
            (SERVING_SIGNATURE, PROBABILITY_OUTPUT),
            (LABEL_SIGNATURE, label),
        ):
            if signature not in model.signatures:
                return f"it has no signature {signature!r}, only {list(model.signatures)}"
            outputs = model.list_outputs(signature)
            if output not in outputs:
                return f"{signature} gives {list(outputs)}, and no {output!r}"
            for examples in first_rows:
                model.ask(signature, [output], examples)
    except (OSError, TypeError, ValueError, tf.errors.OpError) as error:
        return describe_error(error)
    return None


def read_misfit(evaluation_directory: Path) -> str | None:
    """Read why an evaluation left the champion out; None where it did not."""
    path = evaluation_directory / MISFIT_FILE
    return path.read_text(encoding="utf-8").strip() if path.is_file() else None
