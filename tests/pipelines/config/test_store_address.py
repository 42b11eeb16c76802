"""Where a metadata store is: URLs are read, and no password gets in or is repeated."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.config.environment_file import load_config
from pipelines.config.store_address import (
    PostgresqlAddress,
    SqliteAddress,
    StoreAddress,
    parse_store_url,
)
from pipelines.metadata.open_store import create_connection_config, read_connection_config
from pipelines.records.errors import ConfigError


@pytest.mark.parametrize(
    ("url", "address"),
    [
        (
            "postgresql://mlmd@db.example:5433/runs",
            PostgresqlAddress("db.example", 5433, "mlmd", "runs"),
        ),
        ("postgres://mlmd@localhost/runs", PostgresqlAddress("localhost", 5432, "mlmd", "runs")),
        (
            "postgresql://mlmd@[::1]/runs?sslmode=verify-full",
            PostgresqlAddress("::1", 5432, "mlmd", "runs", "verify-full"),
        ),
        ("postgresql://a%40b@h/x%20y", PostgresqlAddress("h", 5432, "a@b", "x y")),
    ],
)
def test_reads_a_url(url: str, address: PostgresqlAddress) -> None:
    """Host, port, user, database and encryption are what the URL says."""
    assert parse_store_url(url) == address


@pytest.mark.parametrize(
    "url",
    [
        "",
        "runs",
        "sqlite:///runs.sqlite",
        "mysql://mlmd@localhost/runs",
        "postgresql://localhost/runs",
        "postgresql://mlmd@/runs",
        "postgresql://mlmd@localhost",
        "postgresql://mlmd@localhost/",
        "postgresql://mlmd@localhost/runs/more",
        "postgresql://mlmd@localhost:port/runs",
        "postgresql://mlmd@localhost:99999/runs",
        "postgresql://mlmd@[::1/runs",
        "postgresql://mlmd@localhost/runs?options=-c",
        "postgresql://mlmd@localhost/runs#here",
    ],
)
def test_refuses_what_is_no_such_url(url: str) -> None:
    """What is missing or unknown is answered by the form that is expected."""
    with pytest.raises(ValueError, match=r"^postgresql://USER@HOST"):
        parse_store_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://mlmd:s3cret@localhost/runs",
        "postgresql://mlmd:@localhost/s3cret",
        "postgresql://mlmd:s3@cret/s3cret@localhost/runs",
        "postgresql://mlmd:12/s3cret@localhost/runs",
        "postgresql://mlmd:s3cret/x@localhost/runs",
        "postgresql://mlmd@localhost/runs?password=s3cret",
        "mlmd:s3cret@localhost/runs",
        "postgresql://mlmd@localhost:s3cret/runs",
        "[s3cret",
    ],
)
def test_a_password_is_refused_and_never_repeated(url: str) -> None:
    """Neither the message nor what it was caused by holds any of what was received."""
    with pytest.raises(ConfigError) as caught:
        load_config("local", [f"metadata_store={url}"])

    message = str(caught.value)
    assert "metadata_store" in message
    assert "cret" not in message
    assert "s3" not in message
    assert "\n" not in message


def test_says_where_the_password_belongs() -> None:
    """The one line names the key, the form expected and the variables for the password."""
    with pytest.raises(ConfigError, match=r"metadata_store.*USER@HOST.*PGPASSWORD.*PGPASSFILE"):
        load_config("local", ["metadata_store=postgresql://mlmd:x@localhost/runs"])


def test_the_configuration_names_the_store(tmp_path: Path) -> None:
    """Without the key it is a file in the output root, with it the database."""
    url = "postgresql://mlmd@localhost/runs"
    root = f"output_root={tmp_path}"

    file = load_config("local", [root]).layout.metadata_store
    database = load_config("local", [root, f"metadata_store={url}"]).layout.metadata_store

    assert file == SqliteAddress(tmp_path / "metadata.sqlite")
    assert database == parse_store_url(url)


@pytest.mark.parametrize(
    "address",
    [
        SqliteAddress(Path("/runs/metadata.sqlite")),
        PostgresqlAddress("localhost", 5432, "mlmd", "runs"),
        PostgresqlAddress("::1", 5433, "a@b", "x y", "require"),
    ],
)
def test_the_compiled_pipeline_holds_the_same_address(address: StoreAddress) -> None:
    """An address written as ml-metadata takes it is read back as it was."""
    assert read_connection_config(create_connection_config(address)) == address


def test_shows_an_address_in_one_word() -> None:
    """Messages name a database by its URL and a file by its path."""
    assert str(PostgresqlAddress("h", 5432, "mlmd", "runs")) == "postgresql://mlmd@h:5432/runs"
    assert str(SqliteAddress(Path("/runs/m.sqlite"))) == "/runs/m.sqlite"
