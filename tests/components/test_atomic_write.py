"""A file is there whole or not at all."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.atomic_write import atomic_write, replace_at_end


@pytest.fixture
def umask() -> Iterator[None]:
    """A process that gives nothing to others."""
    kept = os.umask(0o027)
    yield
    os.umask(kept)


def test_writes_and_replaces(tmp_path: Path) -> None:
    """Folders are made, what was there is replaced, and nothing else is left."""
    path = tmp_path / "runs/1/description.json"
    atomic_write(path, b"first")

    atomic_write(path, b"second")

    assert path.read_bytes() == b"second"
    assert list(path.parent.iterdir()) == [path]


def test_is_as_readable_as_other_files(tmp_path: Path, umask: None) -> None:
    """Permissions are those that the process gives to any file."""
    atomic_write(tmp_path / "page.html", b"x")

    assert (tmp_path / "page.html").stat().st_mode & 0o777 == 0o640


def test_what_was_there_stays_when_writing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk costs no file that was good."""
    path = tmp_path / "summary.json"
    atomic_write(path, b"good")

    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        atomic_write(path, b"half")

    assert path.read_bytes() == b"good"
    assert list(tmp_path.iterdir()) == [path]


def test_a_reader_never_sees_a_half(tmp_path: Path) -> None:
    """Two writers at once, and whoever reads meanwhile gets one of what they wrote."""
    path = tmp_path / "description.json"
    contents = [bytes([sign]) * 1_000_000 for sign in b"ab"]
    atomic_write(path, contents[0])

    def write(content: bytes) -> None:
        for _ in range(20):
            atomic_write(path, content)

    writers = [threading.Thread(target=write, args=(content,)) for content in contents]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        assert path.read_bytes() in contents
    for writer in writers:
        writer.join()


def test_a_file_that_takes_its_time_is_there_at_the_end(tmp_path: Path) -> None:
    """Until the last byte is written what was there stays, and nothing is left beside it."""
    path = tmp_path / "data.parquet"
    atomic_write(path, b"old")

    with replace_at_end(path) as unfinished:
        unfinished.write_bytes(b"new")
        assert path.read_bytes() == b"old"

    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_is_given_up_leaves_nothing(tmp_path: Path) -> None:
    """What was there stays where the writer fails on the way."""
    path = tmp_path / "data.parquet"
    atomic_write(path, b"old")

    def write_half() -> None:
        with replace_at_end(path) as unfinished:
            unfinished.write_bytes(b"half")
            raise ValueError("a bad row")

    with pytest.raises(ValueError, match="a bad row"):
        write_half()

    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
