"""Where a metadata store is: a SQLite file, or a PostgreSQL database; plain Python."""

from __future__ import annotations

import dataclasses
import urllib.parse
from pathlib import Path

_DEFAULT_PORT = 5432
_SCHEMES = ("postgresql", "postgres")
_EXPECTED = (
    "postgresql://USER@HOST[:PORT]/DATABASE[?sslmode=MODE], with the password, if there is one, in "
    "PGPASSWORD or in the file that PGPASSFILE names"
)


@dataclasses.dataclass(frozen=True)
class SqliteAddress:
    """A store in one file."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)


@dataclasses.dataclass(frozen=True)
class PostgresqlAddress:
    """A store in a database of a PostgreSQL server.

    The password is none of its fields, so that no compiled pipeline holds it: the client library
    takes it from ``PGPASSWORD`` or from the file that ``PGPASSFILE`` names (``~/.pgpass``).

    Attributes:
        database: The database; it must exist.
        sslmode: How the connection is encrypted, as libpq names it; empty for libpq's default.
    """

    host: str
    port: int
    user: str
    database: str
    sslmode: str = ""

    def __str__(self) -> str:
        return f"postgresql://{self.user}@{self.host}:{self.port}/{self.database}"


StoreAddress = SqliteAddress | PostgresqlAddress


def parse_store_url(url: str) -> PostgresqlAddress:
    """Read ``postgresql://user@host[:port]/database[?sslmode=MODE]``.

    Raises:
        ValueError: If it is another kind of URL, a part is missing, or it holds a password; the
            message holds what is expected, and nothing of what was received.
    """
    try:
        parts = urllib.parse.urlsplit(url)
        port = parts.port or _DEFAULT_PORT
    except ValueError:
        # Without the reason, which repeats a part of the URL.
        raise ValueError(_EXPECTED) from None
    query = dict(urllib.parse.parse_qsl(parts.query, keep_blank_values=True))
    sslmode = query.pop("sslmode", "")
    database = parts.path.removeprefix("/")
    if parts.scheme not in _SCHEMES or query or parts.fragment or "/" in database:
        raise ValueError(_EXPECTED)
    if parts.password is not None or not (parts.hostname and parts.username and database):
        raise ValueError(_EXPECTED)
    return PostgresqlAddress(
        host=parts.hostname,
        port=port,
        user=urllib.parse.unquote(parts.username),
        database=urllib.parse.unquote(database),
        sslmode=sslmode,
    )
