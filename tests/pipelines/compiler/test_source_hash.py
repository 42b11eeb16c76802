"""The hash of sources that stands for the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.compiler import source_hash
from pipelines.compiler.source_hash import hash_sources


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of two files in a folder."""
    monkeypatch.setattr(source_hash, "CODE_ROOT", tmp_path)
    (tmp_path / "room").mkdir()
    (tmp_path / "room" / "a.py").write_text("A = 1\n")
    (tmp_path / "room" / "b.py").write_text("B = 1\n")
    return tmp_path


def test_changes_with_any_file_and_with_nothing_else(project: Path) -> None:
    """An edited or renamed source gives another hash; other files do not count."""
    before = hash_sources("room")
    (project / "room" / "notes.txt").write_text("not code")
    assert hash_sources("room") == before

    (project / "room" / "b.py").write_text("B = 2\n")
    edited = hash_sources("room")
    (project / "room" / "b.py").rename(project / "room" / "c.py")

    assert len({before, edited, hash_sources("room")}) == 3


def test_takes_files_and_folders_in_any_order(project: Path) -> None:
    """A place named twice, or in another order, is hashed once."""
    assert hash_sources("room/a.py", "room") == hash_sources("room")


def test_refuses_a_place_that_is_not_there(project: Path) -> None:
    """A renamed folder must not silently hash to nothing."""
    with pytest.raises(FileNotFoundError, match="elsewhere"):
        hash_sources("elsewhere")
