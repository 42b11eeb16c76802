"""Find the CSV files of a run and fingerprint their content."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from components.csv_example_gen.csv_source import SUFFIXES
from components.data_refusal import DataProblem, DataRefusedError

_CHUNK_BYTES = 1 << 20


def find_csv_files(input_base: str, pattern: str) -> list[str]:
    """Find the CSV files that match a pattern.

    Args:
        input_base: Folder.
        pattern: Glob below it; hidden files, and what does not end in ``.csv`` or ``.csv.gz``, are
            left out.

    Returns:
        Their paths, sorted; at least one.

    Raises:
        DataRefusedError: If there is none.
    """
    found = Path(input_base).glob(pattern)
    paths = sorted(str(path) for path in found if _is_ours(path.name))
    if not paths:
        place = f"{input_base}/{pattern}"
        problem = DataProblem(
            rule="no input file",
            message=f"{place}: no file of that name ends in {' or '.join(SUFFIXES)}; lay the data "
            "there, or point the run to where it is",
            file=place,
        )
        raise DataRefusedError((problem,))
    return paths


def fingerprint_content(paths: Sequence[str]) -> str:
    """Fingerprint files by name and content; when they were written makes no difference.

    Args:
        paths: The files, in order. One that cannot be read counts by that fact alone: to say why
            is left to reading it as CSV.

    Returns:
        SHA-256 in hexadecimal.
    """
    digest = hashlib.sha256()
    for path in paths:
        digest.update(Path(path).name.encode(errors="surrogateescape") + b"\0")
        digest.update(_hash_if_readable(path))
    return digest.hexdigest()


def hash_content(path: str) -> str:
    """Hash a file's bytes.

    Args:
        path: Its path.

    Returns:
        SHA-256 in hexadecimal.

    Raises:
        OSError: If it cannot be read.
    """
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _is_ours(name: str) -> bool:
    return name.endswith(SUFFIXES) and not name.startswith(".")


def _hash_if_readable(path: str) -> bytes:
    try:
        return bytes.fromhex(hash_content(path))
    except OSError:
        return b"unreadable"
