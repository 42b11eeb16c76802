"""TFX's metadata handle, made safe for nodes that run side by side; its fields are TFX's own.

Checked with TFX 1.16.0. Where TFX has moved, look for how ``Metadata`` opens and closes its store,
and see to it that tests/pipelines/metadata pass.
"""

from __future__ import annotations

import contextlib
import types

from ml_metadata.proto import metadata_store_pb2
from tfx.orchestration import metadata

from pipelines.metadata.open_store import open_store, read_connection_config
from pipelines.metadata.store_lock import lock_store

CHECKED_VERSION = "1.16.0"


class GuardedMetadata(metadata.Metadata):
    """Opens the store under its lock."""

    def __init__(self, connection_config: metadata_store_pb2.ConnectionConfig) -> None:
        super().__init__(connection_config)
        self._address = read_connection_config(connection_config)
        self._guard = contextlib.ExitStack()

    def __enter__(self) -> GuardedMetadata:
        """Take the lock, then open the store; both once, however often it is entered."""
        if self._users == 0:
            with contextlib.ExitStack() as guard:
                guard.enter_context(lock_store(self._address))
                self._store = open_store(self._address)
                self._guard = guard.pop_all()
        self._users += 1
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        exc_tb: types.TracebackType | None = None,
    ) -> None:
        super().__exit__(exc_type, exc_value, exc_tb)
        if self._users == 0:
            self._guard.close()
