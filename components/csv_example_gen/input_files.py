"""Find the CSV files of a run and fingerprint their content."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from components.csv_example_gen.csv_source import SUFFIXES, create_problem
from components.examples.input_file import hash_file
from components.problem import DataRefusedError

FileState = tuple[int, ...]
"""Changes whenever a file is written to or replaced."""


class InputChangedError(RuntimeError):
    """The input is not what the node began with; one line names a file."""


def find_csv_files(input_base: str, pattern: str) -> list[str]:
    """Find at least one CSV file; see ``list_csv_files``.

    Raises:
        DataRefusedError: If there is none.
    """
    paths = list_csv_files(input_base, pattern)
    if not paths:
        text = f"no file of that name ends in {' or '.join(SUFFIXES)}; put the data there, or "
        text += "point the run to its folder"
        place = f"{input_base}/{pattern}"
        raise DataRefusedError((create_problem(place, "no input file", text),))
    return paths


def list_csv_files(input_base: str, pattern: str) -> list[str]:
    """List the CSV files that match a glob below a folder, sorted.

    Hidden files, and what does not end in ``.csv`` or ``.csv.gz``, are left out.
    """
    return sorted(
        str(path)
        for path in Path(input_base).glob(pattern)
        if path.name.endswith(SUFFIXES) and not path.name.startswith(".")
    )


def get_name(input_base: str, path: str) -> str:
    """Give a file's name below the folder of the input."""
    return str(Path(path).relative_to(input_base))


def hash_files(input_base: str, paths: Sequence[str]) -> dict[str, str | None]:
    """Hash files: SHA-256 in hexadecimal by name below ``input_base``, in the same order.

    It is None for one that cannot be read: the reason comes from reading it as CSV.
    """
    return {get_name(input_base, path): _hash_if_readable(path) for path in paths}


def dump_fingerprint(hashes: Mapping[str, str | None]) -> str:
    """Write a fingerprint of files by name and content: their hashes by name, as JSON."""
    return json.dumps(hashes)


def read_state(path: str) -> FileState | None:
    """Read a file's state: where it is the same before and after, so was the content between."""
    try:
        found = Path(path).stat()
    except OSError:
        return None
    # No user can set the last one, the time that content, name or permissions changed.
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def hash_as_read(path: str, before: FileState | None) -> str | None:
    """Hash a file that has just been read, whose state was ``before`` when reading began.

    SHA-256 in hexadecimal; empty if the file has changed since; None if it cannot be read.
    """
    sha256 = _hash_if_readable(path)
    return sha256 if read_state(path) == before else ""


def check_unchanged(input_base: str, fingerprint: str, hashes: Mapping[str, str | None]) -> None:
    """Compare the hashes of what was read with what ``dump_fingerprint`` wrote before.

    Raises:
        InputChangedError: If a file has other content, is new or is gone.
    """
    if differences := find_differences(fingerprint, hashes):
        others = f" (and {len(differences) - 1} more files)" if len(differences) > 1 else ""
        raise InputChangedError(
            f"{Path(input_base, differences[0])}{others}: was changed, added or removed while the "
            "input was being read; leave the input alone during a run, and run again"
        )


def find_differences(fingerprint: str, hashes: Mapping[str, str | None]) -> list[str]:
    """Find the names of files with other content, and of those only one side has; sorted."""
    fingerprinted: dict[str, str | None] = json.loads(fingerprint)
    return sorted({name for name, _ in fingerprinted.items() ^ hashes.items()})


def _hash_if_readable(path: str) -> str | None:
    try:
        return hash_file(path)
    except OSError:
        return None
