"""One process at a time, and words for those that wait: real files, real processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from components.file_lock import FileLock, Patience, describe_process

_SECONDS = 60
_USUAL = Patience()


def _create_lock(path: Path, patience: Patience = _USUAL) -> FileLock:
    return FileLock(path / "folder" / "lock", "the thing", patience)


def _hold_until(lock: FileLock, held: threading.Event, over: threading.Event) -> None:
    with lock.hold():
        held.set()
        over.wait(_SECONDS)


def test_a_free_lock_is_had_without_a_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is held for the block, again and again, and tells who holds it."""
    lock = _create_lock(tmp_path)
    assert not lock.is_held

    for _ in range(2):
        with lock.hold():
            assert lock.is_held
            assert lock.path.read_text() == describe_process()

    assert not lock.is_held
    assert not caplog.records


def test_who_waits_gets_it_as_soon_as_it_is_free(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The wait ends with the holder, long before the next word is due."""
    lock = _create_lock(tmp_path, Patience(0.1, _SECONDS))
    held, over = threading.Event(), threading.Event()
    holder = threading.Thread(target=_hold_until, args=(lock, held, over))
    holder.start()
    held.wait(_SECONDS)
    threading.Timer(0.4, over.set).start()
    began = time.monotonic()

    with lock.hold():
        waited = time.monotonic() - began
    holder.join()

    assert 0.3 < waited < _SECONDS / 4
    [record] = caplog.records
    assert record.getMessage() == f"waiting for the thing, which {describe_process()} holds"


def test_who_gave_up_does_not_keep_it_from_others(tmp_path: Path) -> None:
    """After a wait that came to its end, the lock is free once its holder has gone."""
    held, over = threading.Event(), threading.Event()
    holder = threading.Thread(target=_hold_until, args=(_create_lock(tmp_path), held, over))
    holder.start()
    held.wait(_SECONDS)

    with (
        pytest.raises(TimeoutError, match=r"the thing was not free within 0\.2 s; process"),
        _create_lock(tmp_path, Patience(give_up_seconds=0.2)).hold(),
    ):
        pass
    over.set()
    holder.join()

    with _create_lock(tmp_path, Patience(give_up_seconds=_SECONDS)).hold():
        pass


def _hold_for_ever(lock: FileLock) -> None:
    with lock.hold():
        time.sleep(_SECONDS)


def test_a_killed_holder_holds_it_no_longer(tmp_path: Path) -> None:
    """After ``kill -9`` it is free, whatever stands in the file."""
    lock = _create_lock(tmp_path)
    process = multiprocessing.get_context("fork").Process(target=_hold_for_ever, args=(lock,))
    process.start()
    while not lock.is_held and process.is_alive():
        time.sleep(0.01)
    assert process.pid is not None

    os.kill(process.pid, signal.SIGKILL)
    process.join()

    assert str(process.pid) in lock.path.read_text()
    assert not lock.is_held
    with lock.hold():
        assert lock.path.read_text() == describe_process()
