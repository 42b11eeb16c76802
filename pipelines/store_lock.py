"""One process at a time at a metadata store; plain Python.

SQLite answers concurrent writers with "database is locked"; on PostgreSQL, ml-metadata answers
writers that create the same type or context at once with "duplicate key". Nodes open the store
only while they prepare and publish an execution, so a lock around that lets them run side by side.
"""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.store_address import PostgresqlAddress, SqliteAddress, StoreAddress

if TYPE_CHECKING:
    import psycopg

# Any number, as long as nobody else takes it for another purpose in the same database.
_ADVISORY_LOCK = 7_469_636
_CONNECT_SECONDS = 30


class StoreUnavailableError(OSError):
    """The metadata store can't be reached; one line says why."""


def lock_store(address: StoreAddress) -> contextlib.AbstractContextManager[None]:
    """Hold the store's lock; freed by the system too when the process dies.

    Args:
        address: A SQLite file, of which ``<name>.lock`` beside it is the lock, or a PostgreSQL
            database, in which an advisory lock is taken.

    Returns:
        The held lock.

    Raises:
        StoreUnavailableError: If the PostgreSQL server can't be reached.
    """
    if isinstance(address, SqliteAddress):
        return _lock_file(address.path.with_name(address.path.name + ".lock"))
    return _lock_database(address)


@contextlib.contextmanager
def _lock_file(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock_file:
        fcntl.flock(lock_file, fcntl.LOCK_EX)
        yield


def check_store(address: StoreAddress) -> None:
    """Find out early that a store can't be reached: before anything heavy is started.

    Args:
        address: Where it is; a file needs no check, it is made on demand.

    Raises:
        StoreUnavailableError: If the PostgreSQL server can't be reached.
    """
    if not isinstance(address, SqliteAddress):
        with connect_database(address):
            pass


@contextlib.contextmanager
def connect_database(address: PostgresqlAddress) -> Iterator[psycopg.Connection]:
    """Connect to a database, past ml-metadata; every statement is a transaction.

    Args:
        address: The database.

    Yields:
        The connection, which ends with the block.

    Raises:
        StoreUnavailableError: If it can't be reached, or refuses a statement of the block.
    """
    # Here, because most stores are files, and importing it takes a quarter of a second.
    import psycopg

    try:
        with psycopg.connect(
            host=address.host,
            port=address.port,
            user=address.user,
            dbname=address.database,
            sslmode=address.sslmode or None,
            connect_timeout=_CONNECT_SECONDS,
            autocommit=True,
        ) as connection:
            yield connection
    except psycopg.Error as error:
        reason = " ".join(str(error).split())
        raise StoreUnavailableError(f"metadata store {address}: {reason}") from error


@contextlib.contextmanager
def _lock_database(address: PostgresqlAddress) -> Iterator[None]:
    # The server takes the lock back with the connection.
    with connect_database(address) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (_ADVISORY_LOCK,))
        yield
