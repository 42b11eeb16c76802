"""Open a metadata store; on PostgreSQL, ml-metadata is made to take any text."""

from __future__ import annotations

import functools
import re
from pathlib import Path

import ml_metadata
from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipelines.config.store_address import PostgresqlAddress, SqliteAddress, StoreAddress
from pipelines.metadata.mlmd_internals import TranslatingStore
from pipelines.metadata.store_lock import connect_database

# ml-metadata 1.16 puts text into SQL by libpq's PQescapeLiteral and then strips one character at
# either end. That is right but for text with a backslash, which libpq starts with `E'`: such text
# ends the literal, and what follows is read as SQL. NUL ends the text.
_MARK = "\ue05c"
_CODES = {_MARK: "0", "\\": "1", "\0": "2"}
_UNSAFE = re.compile("|".join(map(re.escape, _CODES)))
_CODED = re.compile(f"{_MARK}([{''.join(_CODES.values())}])")
_SIGNS = {code: sign for sign, code in _CODES.items()}

# They hold whole properties, and a row of an index has room for 2,704 bytes: longer text would be
# refused. Nothing here looks properties up by their text.
_TEXT_INDEXES = (
    "idx_artifact_property_string",
    "idx_context_property_string",
    "idx_execution_property_string",
)


def open_store(address: StoreAddress) -> ml_metadata.MetadataStore:
    """Open a store for text of any characters and length; the caller holds its lock.

    Raises:
        StoreUnavailableError: If it is a database that can't be reached or prepared.
    """
    config = create_connection_config(address)
    if not isinstance(address, PostgresqlAddress):
        return ml_metadata.MetadataStore(config)
    store = TranslatingStore(config, encode_text, decode_text)
    _drop_text_indexes(address)
    return store


def create_connection_config(address: StoreAddress) -> mlmd.ConnectionConfig:
    """Convert an address to ml-metadata's form."""
    config = mlmd.ConnectionConfig()
    if isinstance(address, SqliteAddress):
        config.sqlite.filename_uri = str(address.path)
        config.sqlite.connection_mode = mlmd.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
        return config
    config.postgresql.host = address.host
    config.postgresql.port = str(address.port)
    config.postgresql.user = address.user
    config.postgresql.dbname = address.database
    config.postgresql.skip_db_creation = True
    if address.sslmode:
        config.postgresql.ssloption.sslmode = address.sslmode
    return config


def read_connection_config(config: mlmd.ConnectionConfig) -> StoreAddress:
    """Read what ``create_connection_config`` wrote."""
    if config.HasField("sqlite"):
        return SqliteAddress(Path(config.sqlite.filename_uri))
    return PostgresqlAddress(
        host=config.postgresql.host,
        port=int(config.postgresql.port),
        user=config.postgresql.user,
        database=config.postgresql.dbname,
        sslmode=config.postgresql.ssloption.sslmode,
    )


def encode_text(text: str) -> str:
    """Write what is unsafe in a text, backslashes and NUL, as U+E05C and a digit."""
    return _UNSAFE.sub(lambda found: _MARK + _CODES[found[0]], text)


def decode_text(text: str) -> str:
    """Read what ``encode_text`` wrote."""
    return _CODED.sub(lambda found: _SIGNS[found[1]], text)


@functools.cache
def _drop_text_indexes(address: PostgresqlAddress) -> None:
    """Drop them once per process: they come with the tables, and never again."""
    with connect_database(address) as connection:
        for index in _TEXT_INDEXES:
            connection.execute(f"DROP INDEX IF EXISTS {index}")
