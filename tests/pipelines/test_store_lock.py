"""The metadata store is written by one process at a time."""

from __future__ import annotations

import multiprocessing
import time
from pathlib import Path

from ml_metadata.proto import metadata_store_pb2 as mlmd
from tfx.orchestration import metadata

from pipelines.guarded_metadata import GuardedMetadata
from pipelines.store_address import SqliteAddress
from pipelines.store_lock import lock_store

_WRITERS = 6
_ROUNDS = 8


def _hold(path: Path, log: Path) -> None:
    with lock_store(SqliteAddress(path)), log.open("a") as file:
        file.write("in\n")
        file.flush()
        time.sleep(0.05)
        file.write("out\n")


def _put_contexts(path: Path, writer: int) -> None:
    for number in range(_ROUNDS):
        config = metadata.sqlite_metadata_connection_config(str(path))
        with GuardedMetadata(config) as handle:
            kind = handle.store.put_context_type(mlmd.ContextType(name="kind"))
            handle.store.put_contexts([mlmd.Context(type_id=kind, name=f"{writer}-{number}")])


def _run_all(target: object, arguments: list[tuple[object, ...]]) -> list[int | None]:
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=target, args=words) for words in arguments]  # type: ignore[arg-type]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    return [process.exitcode for process in processes]


def test_lets_one_process_in_at_a_time(tmp_path: Path) -> None:
    """Those that come while one holds the lock wait for it."""
    log = tmp_path / "log"

    assert _run_all(_hold, [(tmp_path / "store", log)] * 4) == [0] * 4
    assert log.read_text().split() == ["in", "out"] * 4


def test_concurrent_writers_lose_nothing(tmp_path: Path) -> None:
    """Six processes that write at once all get through, with no "database is locked"."""
    path = tmp_path / "metadata.sqlite"

    codes = _run_all(_put_contexts, [(path, writer) for writer in range(_WRITERS)])

    assert codes == [0] * _WRITERS
    config = metadata.sqlite_metadata_connection_config(str(path))
    with GuardedMetadata(config) as handle:
        assert len(handle.store.get_contexts()) == _WRITERS * _ROUNDS


def test_opens_nested_in_one_process(tmp_path: Path) -> None:
    """TFX opens a handle inside itself; that does not wait for ever."""
    handle = GuardedMetadata(metadata.sqlite_metadata_connection_config(str(tmp_path / "s")))

    with handle, handle as inner:
        assert inner.store.get_contexts() == []
