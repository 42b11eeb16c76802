"""One process at a time at a metadata store; plain Python.

SQLite answers concurrent writers with "database is locked"; on PostgreSQL, ml-metadata answers
writers that create the same type or context at once with "duplicate key". Nodes open the store
only while they prepare and publish an execution, so a lock around that lets them run side by side.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from components.file_lock import FileLock, Patience, describe_process
from pipelines.config.store_address import PostgresqlAddress, SqliteAddress, StoreAddress

if TYPE_CHECKING:
    import psycopg

# Any number, as long as nobody else takes it for another purpose in the same database.
_ADVISORY_LOCK = 7_469_636
_CONNECT_SECONDS = 30
# Nobody holds the store for minutes: it is open for queries, not while a node executes.
_PATIENCE = Patience(give_up_seconds=600)
_HOLDER = """
    SELECT pid, application_name FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND granted AND classid = 0 AND objid = %s AND objsubid = 1
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


class StoreUnavailableError(OSError):
    """The metadata store can't be reached; the message says why."""


def lock_store(
    address: StoreAddress, patience: Patience = _PATIENCE
) -> contextlib.AbstractContextManager[None]:
    """Hold the store's lock, which the system releases when the process dies.

    Args:
        address: A SQLite file, of which ``<name>.lock`` beside it is the lock, or a PostgreSQL
            database, in which an advisory lock is taken.

    Raises:
        TimeoutError: If other processes held it all the time.
        StoreUnavailableError: If the PostgreSQL server can't be reached.
    """
    if isinstance(address, SqliteAddress):
        path = address.path.with_name(address.path.name + ".lock")
        return FileLock(path, _name(address), patience).hold()
    return _lock_database(address, patience)


def check_store(address: StoreAddress) -> None:
    """Find out early that a database can't be reached; a file is created on demand.

    Raises:
        StoreUnavailableError: If the PostgreSQL server can't be reached.
    """
    if not isinstance(address, SqliteAddress):
        with connect_database(address):
            pass


@contextlib.contextmanager
def connect_database(address: PostgresqlAddress) -> Iterator[psycopg.Connection]:
    """Connect to a database for a block, past ml-metadata; every statement is a transaction.

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
            application_name=describe_process(),
            autocommit=True,
        ) as connection:
            yield connection
    except psycopg.Error as error:
        reason = " ".join(str(error).split())
        raise StoreUnavailableError(f"metadata store {address}: {reason}") from error


@contextlib.contextmanager
def _lock_database(address: PostgresqlAddress, patience: Patience) -> Iterator[None]:
    # The server releases the lock with the connection.
    with connect_database(address) as connection:
        found = connection.execute("SELECT pg_try_advisory_lock(%s)", (_ADVISORY_LOCK,)).fetchone()
        if found != (True,):
            _wait(connection, address, patience)
        yield


def _wait(connection: psycopg.Connection, address: PostgresqlAddress, patience: Patience) -> None:
    import psycopg

    for seconds in patience.wait(_name(address), lambda: _find_holder(connection)):
        # 0 means "for ever" to the server.
        timeout_ms = max(1, round(1000 * seconds))
        connection.execute("SELECT set_config('lock_timeout', %s, false)", (str(timeout_ms),))
        try:
            connection.execute("SELECT pg_advisory_lock(%s)", (_ADVISORY_LOCK,))
        except psycopg.errors.LockNotAvailable:
            continue
        return


def _find_holder(connection: psycopg.Connection) -> str:
    found = connection.execute(_HOLDER, (_ADVISORY_LOCK,)).fetchone()
    if found is None:
        return "another process"
    pid, name = found
    return name or f"the server's process {pid}"


def _name(address: StoreAddress) -> str:
    return f"the metadata store {address}"
