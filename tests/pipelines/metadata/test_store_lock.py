"""One process at a time at the metadata store: a file, and a real PostgreSQL database."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from ml_metadata.proto import metadata_store_pb2 as mlmd

from components.file_lock import Patience
from pipelines.cli import main
from pipelines.config.store_address import SqliteAddress, StoreAddress, parse_store_url
from pipelines.metadata.open_store import create_connection_config
from pipelines.metadata.store_lock import StoreUnavailableError, lock_store
from pipelines.metadata.tfx_internals import GuardedMetadata
from pipelines.records.exit_code import ExitCode
from tests.postgresql_server import USER, PostgresqlServer

_WRITERS = 6
_ROUNDS = 8
_WAIT_SECONDS = 120


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> StoreAddress:
    """An empty store of each kind."""
    if request.param == "sqlite":
        return SqliteAddress(tmp_path / "metadata.sqlite")
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    name = "lock_" + "".join(sign for sign in request.node.name if sign.isalnum()).lower()
    return parse_store_url(server.create_database(name))


def _hold(address: StoreAddress, log: Path) -> None:
    with lock_store(address), log.open("a") as file:
        file.write("in\n")
        file.flush()
        time.sleep(0.05)
        file.write("out\n")


def _hold_for_ever(address: StoreAddress, log: Path) -> None:
    with lock_store(address):
        log.touch()
        time.sleep(_WAIT_SECONDS)


def _put_contexts(address: StoreAddress, writer: int) -> None:
    for number in range(_ROUNDS):
        with GuardedMetadata(create_connection_config(address)) as handle:
            # Every writer the same type and context, and one context of its own.
            kind = handle.store.put_context_type(mlmd.ContextType(name=f"kind {number}"))
            if not handle.store.get_context_by_type_and_name(f"kind {number}", "shared"):
                handle.store.put_contexts([mlmd.Context(type_id=kind, name="shared")])
            handle.store.put_contexts([mlmd.Context(type_id=kind, name=f"{writer}")])


def _start(target: Callable[..., None], *words: object) -> multiprocessing.process.BaseProcess:
    process = multiprocessing.get_context("fork").Process(target=target, args=words)
    process.start()
    return process


def _run_all(target: Callable[..., None], arguments: list[tuple[object, ...]]) -> list[int | None]:
    processes = [_start(target, *words) for words in arguments]
    for process in processes:
        process.join(_WAIT_SECONDS)
    return [process.exitcode for process in processes]


def test_lets_one_process_in_at_a_time(address: StoreAddress, tmp_path: Path) -> None:
    """Those that come while one holds the lock wait for it."""
    log = tmp_path / "log"

    assert _run_all(_hold, [(address, log)] * 4) == [0] * 4
    assert log.read_text().split() == ["in", "out"] * 4


def test_a_killed_process_gives_the_lock_back(address: StoreAddress, tmp_path: Path) -> None:
    """After ``kill -9`` of the holder the next one gets in."""
    holder = _start(_hold_for_ever, address, tmp_path / "held")
    while not (tmp_path / "held").exists() and holder.is_alive():
        time.sleep(0.02)
    assert holder.pid is not None
    os.kill(holder.pid, signal.SIGKILL)
    holder.join(_WAIT_SECONDS)

    assert _run_all(_hold, [(address, tmp_path / "log")]) == [0]


def test_who_waits_says_for_whom_and_gives_up(
    address: StoreAddress, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A warning names the store and the process that holds it; in the end an error does."""
    holder = _start(_hold_for_ever, address, tmp_path / "held")
    while not (tmp_path / "held").exists() and holder.is_alive():
        time.sleep(0.02)
    patience = Patience(0.1, 0.2, give_up_seconds=0.5)

    with pytest.raises(TimeoutError) as caught, lock_store(address, patience):
        pass
    holder.kill()
    holder.join(_WAIT_SECONDS)

    who = f"process {holder.pid} on {socket.gethostname()}"
    words = [record.getMessage() for record in caplog.records]
    assert words == [f"waiting for the metadata store {address}, which {who} holds"] * len(words)
    assert len(words) >= 2
    assert str(caught.value) == (
        f"the metadata store {address} was not free within 0.5 s; {who} holds it: wait until that "
        "has ended, or end it, and try again"
    )
    assert _run_all(_hold, [(address, tmp_path / "log")]) == [0]


def test_concurrent_writers_lose_nothing(address: StoreAddress) -> None:
    """Six processes that write the same at once all get through: nothing is locked or double."""
    codes = _run_all(_put_contexts, [(address, writer) for writer in range(_WRITERS)])

    assert codes == [0] * _WRITERS
    with GuardedMetadata(create_connection_config(address)) as handle:
        names = [
            (context.type, context.name)
            for context in handle.store.get_contexts()
            if context.type.startswith("kind")
        ]
    expected = {
        (f"kind {number}", name)
        for number in range(_ROUNDS)
        for name in ["shared", *map(str, range(_WRITERS))]
    }
    assert sorted(names) == sorted(expected)


def test_opens_nested_in_one_process(address: StoreAddress) -> None:
    """TFX opens a handle inside itself; that does not wait for ever."""
    handle = GuardedMetadata(create_connection_config(address))

    with handle, handle as inner:
        assert inner.store.get_contexts() == []


def test_a_wrong_password_is_told_in_one_line(
    postgresql: PostgresqlServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names server, user and database, and repeats no password."""
    url = postgresql.create_database("guarded")
    monkeypatch.setenv("PGPASSWORD", "mistyped")

    with pytest.raises(StoreUnavailableError) as caught, lock_store(parse_store_url(url)):
        pass

    message = str(caught.value)
    assert "\n" not in message
    assert url in message
    assert "password authentication failed" in message
    assert "mistyped" not in message


@pytest.mark.parametrize("place", ["127.0.0.1:1/runs", "nowhere.invalid/runs"])
def test_a_run_ends_with_exit_code_1_where_there_is_no_server(
    place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A server that can't be reached is told in one line, before anything is started."""
    url = f"postgresql://{USER}@{place}"
    words = ["--config", "test", "--output", str(tmp_path), "--set", f"metadata_store={url}"]

    assert main(["run", *words]) == ExitCode.FAILED

    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("error: metadata store postgresql://")


def test_a_database_that_is_not_there_is_named(
    postgresql: PostgresqlServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Databases are not made on the fly: a mistyped name is an error."""
    url = f"postgresql://{USER}@127.0.0.1:{postgresql.port}/mistyped"
    words = ["--config", "test", "--output", str(tmp_path), "--set", f"metadata_store={url}"]

    assert main(["run", *words]) == ExitCode.FAILED

    [line] = capsys.readouterr().err.splitlines()
    assert '"mistyped" does not exist' in line
