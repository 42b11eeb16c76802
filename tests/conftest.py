"""A runtime folder of the session's own: its worker servers are its own too, and end with it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from pipelines.worker_client import stop_servers


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
