"""Copy the input before anything looks at it: all that is told of it holds for the same bytes.

A file is read in several passes (header, rows, quotes, lines in trouble), and by Arrow's own code,
so a hash of what a pass gets is no hash of what the next one gets. The copy is hashed as it is
written and compared with what the driver found; a change of the file itself is of no effect then.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from components.csv_example_gen.csv_source import describe_read_error
from components.csv_example_gen.input_files import CHUNK_BYTES, find_differences, get_name
from components.data_refusal import DataProblem, DataRefusedError


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """Copies of the input's files.

    Attributes:
        input_base: Folder of the files.
        directory: Folder of the copies, each below it where its file is below ``input_base``.
        hashes: SHA-256 of each copy, in hexadecimal, by the file's name below ``input_base``.
    """

    input_base: str
    directory: str
    hashes: Mapping[str, str]

    @property
    def paths(self) -> list[str]:
        """Paths of the copies, in the order of the files."""
        return [str(Path(self.directory, name)) for name in self.hashes]

    def name_originals(self, problems: Sequence[DataProblem]) -> tuple[DataProblem, ...]:
        """Say of the files what was found in their copies, which the user does not know."""
        return tuple(
            dataclasses.replace(
                problem,
                message=problem.message.replace(self.directory, self.input_base),
                file=problem.file and problem.file.replace(self.directory, self.input_base),
            )
            for problem in problems
        )


def take_snapshot(
    input_base: str, paths: Sequence[str], fingerprint: str, directory: str
) -> Snapshot:
    """Copy the files of a fingerprint.

    Args:
        input_base: Folder of the files.
        paths: The files, below it.
        fingerprint: Of the files, as ``dump_fingerprint`` wrote it before.
        directory: Folder to copy to, which is empty.

    Returns:
        The copies, of just the bytes that were fingerprinted.

    Raises:
        RuntimeError: If files or bytes are others than those that were fingerprinted.
        DataRefusedError: If a file cannot be read.
    """
    hashes: dict[str, str | None] = {}
    problems = []
    for path in paths:
        name = get_name(input_base, path)
        with contextlib.ExitStack() as stack:
            try:
                reader = stack.enter_context(Path(path).open("rb"))
            except OSError as error:
                hashes[name] = None
                problems.append(describe_read_error(path, None, error))
                continue
            hashes[name] = copy_file(reader, Path(directory, name))
    differences = find_differences(fingerprint, hashes)
    if differences:
        others = f" (and {len(differences) - 1} more files)" if len(differences) > 1 else ""
        raise RuntimeError(
            f"{Path(input_base, differences[0])}{others}: was changed, added or removed while the "
            "input was being read; leave the input alone during a run, and run again"
        )
    if problems:
        raise DataRefusedError(tuple(problems))
    read = {name: sha256 for name, sha256 in hashes.items() if sha256}
    return Snapshot(str(Path(input_base)), directory, read)


def copy_file(reader: BinaryIO, target: Path) -> str:
    """Copy a file, reading it once.

    Args:
        reader: The file, open.
        target: File to write; its folder is made if missing.

    Returns:
        SHA-256 of the bytes read and written, in hexadecimal.
    """
    digest = hashlib.sha256()
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as writer:
        while chunk := reader.read(CHUNK_BYTES):
            digest.update(chunk)
            writer.write(chunk)
    return digest.hexdigest()
