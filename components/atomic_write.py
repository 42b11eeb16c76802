"""Files that appear whole or not at all, also to those who read while they are written."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def atomic_write(path: Path, content: bytes) -> None:
    """Write a file aside and put it in place in one step.

    Args:
        path: The file; its folder is made. What was there is replaced.

    Raises:
        OSError: If it can't be written; what was there stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Of a name of its own: two processes may write the same file.
    descriptor, unfinished = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), 0o666 & ~_read_umask())
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(unfinished).replace(path)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise


def _read_umask() -> int:
    """Read which permissions this process gives to nobody; the system can only swap them."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
