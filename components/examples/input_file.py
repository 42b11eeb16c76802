"""The input files that examples were made from, as the examples' artifact lists them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pydantic

from components.record import Record

CSV_FILES_PROPERTY = "csv_files"
"""Custom property of the examples: JSON list of the input files, in the order read."""

_CHUNK_BYTES = 1 << 20


class InputFile(Record):
    """A CSV file that was read, with the SHA-256 of its bytes, in hexadecimal."""

    path: str
    rows: int
    sha256: str


_InputFiles = pydantic.TypeAdapter(tuple[InputFile, ...])


def dump_input_files(files: Sequence[InputFile]) -> str:
    """Write the list as JSON."""
    return _InputFiles.dump_json(tuple(files)).decode()


def load_input_files(text: str) -> tuple[InputFile, ...]:
    """Read what ``dump_input_files`` wrote; a ``pydantic.ValidationError`` if it is not that."""
    return _InputFiles.validate_json(text)


def hash_file(path: str) -> str:
    """Hash a file's bytes in bounded memory; gives SHA-256 in hexadecimal."""
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
