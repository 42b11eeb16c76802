"""Find the CSV files of a run and fingerprint their content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from components.csv_example_gen.csv_source import SUFFIXES
from components.data_refusal import DataProblem, DataRefusedError

CHUNK_BYTES = 1 << 20


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
    paths = list_csv_files(input_base, pattern)
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


def list_csv_files(input_base: str, pattern: str) -> list[str]:
    """List the files that ``find_csv_files`` finds, or none."""
    found = Path(input_base).glob(pattern)
    return sorted(str(path) for path in found if _is_ours(path.name))


def get_name(input_base: str, path: str) -> str:
    """Give a file's name below the folder of the input."""
    return str(Path(path).relative_to(input_base))


def hash_files(input_base: str, paths: Sequence[str]) -> dict[str, str | None]:
    """Hash files.

    Args:
        input_base: Folder that all are below.
        paths: The files, in order.

    Returns:
        SHA-256 in hexadecimal by name, in the same order; None for one that cannot be read: to say
        why is left to reading it as CSV.
    """
    return {get_name(input_base, path): _hash_if_readable(path) for path in paths}


def dump_fingerprint(hashes: Mapping[str, str | None]) -> str:
    """Write a fingerprint of files by name and content: their hashes by name, as JSON.

    When the files were written makes no difference.
    """
    return json.dumps(hashes)


def find_differences(fingerprint: str, hashes: Mapping[str, str | None]) -> list[str]:
    """Find the files that are others than those of a fingerprint.

    Args:
        fingerprint: As ``dump_fingerprint`` wrote it.
        hashes: By name.

    Returns:
        Names of files with another content, and of those that only one of the two has; sorted.
    """
    fingerprinted: dict[str, str | None] = json.loads(fingerprint)
    return sorted({name for name, _ in fingerprinted.items() ^ hashes.items()})


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
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _is_ours(name: str) -> bool:
    return name.endswith(SUFFIXES) and not name.startswith(".")


def _hash_if_readable(path: str) -> str | None:
    try:
        return hash_content(path)
    except OSError:
        return None
