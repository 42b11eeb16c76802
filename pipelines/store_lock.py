"""One process at a time at a SQLite metadata store; plain Python.

SQLite answers concurrent writers with "database is locked". Nodes open the store only while they
prepare and publish an execution, so a file lock around that lets them run side by side.
"""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def lock_store(store_path: Path) -> Iterator[None]:
    """Hold the store's lock; freed by the system too when the process dies.

    Args:
        store_path: The SQLite file; ``<name>.lock`` beside it is the lock.
    """
    store_path.parent.mkdir(parents=True, exist_ok=True)
    with store_path.with_name(store_path.name + ".lock").open("w") as lock_file:
        fcntl.flock(lock_file, fcntl.LOCK_EX)
        yield
