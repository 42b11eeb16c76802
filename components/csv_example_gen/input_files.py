"""Find the CSV files of a run and fingerprint their content."""

from __future__ import annotations

import glob
import hashlib
import os

from components.csv_example_gen.csv_source import SUFFIXES
from components.data_refusal import DataProblem, DataRefusedError

_CHUNK_BYTES = 1 << 20


def find_csv_files(input_base: str, pattern: str) -> list[str]:
    """Find the CSV files that match a pattern.

    Args:
        input_base: Folder.
        pattern: Glob below it; what it matches besides ``.csv`` and ``.csv.gz`` is left out.

    Returns:
        Their paths, sorted; at least one.

    Raises:
        DataRefusedError: If there is none.
    """
    full_pattern = os.path.join(glob.escape(input_base), pattern)
    paths = sorted(path for path in glob.glob(full_pattern) if path.endswith(SUFFIXES))
    if not paths:
        place = os.path.join(input_base, pattern)
        problem = DataProblem(
            rule="no input file",
            message=f"{place}: no file of that name ends in {' or '.join(SUFFIXES)}; lay the data "
            "there, or point the run to where it is",
            file=place,
        )
        raise DataRefusedError((problem,))
    return paths


def fingerprint_content(paths: list[str]) -> str:
    """Fingerprint files by name and content; when they were written makes no difference.

    Args:
        paths: The files, in order. One that cannot be read counts by that fact alone: to say why
            is left to reading it as CSV.

    Returns:
        SHA-256 in hexadecimal.
    """
    digest = hashlib.sha256()
    for path in paths:
        digest.update(os.path.basename(path).encode(errors="surrogateescape") + b"\0")
        digest.update(_hash_content(path))
    return digest.hexdigest()


def _hash_content(path: str) -> bytes:
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
    except OSError:
        return b"unreadable"
    return digest.digest()
