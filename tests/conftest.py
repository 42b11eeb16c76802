"""What a session of tests has to itself: worker servers, and on demand PostgreSQL and a browser."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from pipelines.workers.client import stop_servers
from tests.browser.chromium import browser, open_page
from tests.postgresql_server import PostgresqlServer, run_postgresql

# Defined here alone: a fixture that two modules import is two fixtures, and Playwright can't be
# started twice in a process.
__all__ = ["browser", "open_page"]


@pytest.fixture(scope="session", autouse=True)
def runtime_directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the session's worker servers apart from the user's, and end them."""
    kept = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = str(tmp_path_factory.mktemp("runtime"))
    yield
    stop_servers()
    if kept is None:
        del os.environ["XDG_RUNTIME_DIR"]
    else:
        os.environ["XDG_RUNTIME_DIR"] = kept


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlServer]:
    """A PostgreSQL server, with its password in the environment from then on."""
    with run_postgresql() as server, pytest.MonkeyPatch.context() as environment:
        for name, value in server.login.items():
            environment.setenv(name, value)
        yield server
