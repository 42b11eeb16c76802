"""Files that appear whole or not at all, also to those who read while they are written."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path


def atomic_write(path: Path, content: bytes) -> None:
    """Write a file aside, in a folder that is made, flush it to the disk and move it into place.

    Raises:
        OSError: If it can't be written; what was there stays.
    """
    with replace_at_end(path) as unfinished, unfinished.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


@contextlib.contextmanager
def replace_at_end(path: Path) -> Iterator[Path]:
    """Give an empty file to write to, in a folder that is made, and move it into place at the end.

    It has a hidden name of its own beside ``path``: two processes may write the same file. What was
    there stays on an error.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(descriptor)
    unfinished = Path(name)
    try:
        unfinished.chmod(0o666 & ~_read_umask())
        yield unfinished
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def _read_umask() -> int:
    """Read which permissions this process gives to nobody; the system can only swap them."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
