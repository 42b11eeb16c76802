"""A metadata store's address in ml-metadata's form; no TFX, no TensorFlow."""

from __future__ import annotations

from pathlib import Path

from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipelines.config.store_address import PostgresqlAddress, SqliteAddress, StoreAddress


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
