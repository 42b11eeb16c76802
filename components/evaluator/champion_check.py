"""Check that a champion can still be measured on today's rows, before anything relies on it.

A champion outlives the columns that it was made for: a column may have another type today, or the
label another name. Measuring it would then end every evaluation in a stack trace.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import tensorflow as tf

from components.examples.example_encoding import encode_examples
from components.examples.parquet_examples import flatten, list_row_groups, read_row_group
from components.serving.loaded_model import load_model
from components.serving.model_error import describe_model_error
from components.serving.signatures import PROBABILITY, SERVING, TRANSFORM

INCOMPATIBLE_FILE = "incompatible_champion.txt"
"""File beside the metrics that explains why there are none of the champion."""

_EARLIER_FILE = "champion_misfit.txt"
"""Its name in earlier releases."""
_CHECKED_ROWS = 64


def find_incompatibility(
    model_directory: str, example_files: Sequence[str], label: str
) -> str | None:
    """Explain in one line why a model can't be measured on these rows; None where it can.

    The first rows are tried, and ``transform_features`` must give the label.
    """
    first_rows = [
        encode_examples(flatten(read_row_group(group).slice(0, _CHECKED_ROWS)))
        for group in list_row_groups(example_files)[:1]
    ]
    try:
        model = load_model(model_directory)
        for signature, output in ((SERVING, PROBABILITY), (TRANSFORM, label)):
            for examples in first_rows:
                model.ask(signature, [output], examples)
    except (OSError, TypeError, ValueError, tf.errors.OpError) as error:
        return describe_model_error(error)
    return None


def write_incompatibility(evaluation_directory: Path, reason: str) -> None:
    """Write why an evaluation left the champion out."""
    (evaluation_directory / INCOMPATIBLE_FILE).write_text(f"{reason}\n", encoding="utf-8")


def read_incompatibility(evaluation_directory: Path) -> str | None:
    """Read why an evaluation left the champion out; None where it did not."""
    for name in (INCOMPATIBLE_FILE, _EARLIER_FILE):
        path = evaluation_directory / name
        if path.is_file():
            return path.read_text(encoding="utf-8").strip()
    return None
