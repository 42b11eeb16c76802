"""One set of examples from those of several spans, without copying a row; plain Python."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path


def merge_splits(sources: Sequence[tuple[str, Path]], splits: Sequence[str], target: Path) -> None:
    """Put the files of a split of every source, each of a unique name, into one folder.

    Files are called ``<source>-<original name>``. They are linked, and stay whole when a source is
    deleted; they are copied where the target is on another file system.

    Raises:
        FileNotFoundError: If a source lacks a split.
        FileExistsError: If two files would get the same name.
    """
    for split in splits:
        directory = target / f"Split-{split}"
        directory.mkdir(parents=True, exist_ok=True)
        for name, source in sources:
            for file in sorted((source / f"Split-{split}").iterdir()):
                _link(file, directory / f"{name}-{file.name}")


def sum_rows(counts: Sequence[Mapping[str, int]], splits: Sequence[str]) -> dict[str, int]:
    """Sum the rows of each split; a ``KeyError`` if a source does not list a split's."""
    return {split: sum(count[split] for count in counts) for split in splits}


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.ENOTSUP, errno.EMLINK):
            raise
        with source.open("rb") as rows, target.open("xb") as copied:
            shutil.copyfileobj(rows, copied)
