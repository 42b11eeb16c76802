"""TFX adapter: what every component that writes an ``Examples`` artifact notes on it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from tfx.components.util import examples_utils
from tfx.proto import example_gen_pb2
from tfx.types import Artifact, artifact_utils

from components.examples.parquet_examples import FILE_FORMAT

ROW_COUNTS_PROPERTY = "row_counts"
"""Custom property: JSON of the rows per split, and of those read from CSV under ``csv``."""

CSV_ROWS_KEY = "csv"


def find_split(artifact: Artifact, split: str) -> Path:
    """Find the absolute path of a split's folder.

    Raises:
        ValueError: If the artifact has no such split.
    """
    return Path(artifact_utils.get_split_uri([artifact], split)).absolute()


def describe_examples(examples: Artifact, row_counts: Mapping[str, int]) -> None:
    """Note the rows and the format, by which TFX's own readers find their way."""
    examples.set_string_custom_property(ROW_COUNTS_PROPERTY, json.dumps(row_counts))
    examples_utils.set_payload_format(examples, example_gen_pb2.FORMAT_PARQUET)
    examples_utils.set_file_format(examples, FILE_FORMAT)


def read_row_counts(examples: Artifact) -> dict[str, int]:
    """Read the row counts back."""
    counts: dict[str, int] = json.loads(examples.get_string_custom_property(ROW_COUNTS_PROPERTY))
    return counts
