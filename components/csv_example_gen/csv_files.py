"""The list of CSV files that examples were made from, as the examples carry it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence

CSV_FILES_PROPERTY = "csv_files"
"""Custom property of the examples: JSON of the files, in the order read."""


@dataclasses.dataclass(frozen=True)
class CsvFile:
    """A CSV file as it was read.

    Attributes:
        sha256: SHA-256 of its bytes, in hexadecimal.
    """

    path: str
    rows: int
    sha256: str


def dump_csv_files(files: Sequence[CsvFile]) -> str:
    """Write the list as JSON."""
    return json.dumps([dataclasses.asdict(file) for file in files])


def load_csv_files(text: str) -> tuple[CsvFile, ...]:
    """Read what ``dump_csv_files`` wrote.

    Returns:
        The files, in the order read.

    Raises:
        ValueError: If it is not JSON.
        TypeError: If it is not such a list.
    """
    return tuple(CsvFile(**fields) for fields in json.loads(text))
