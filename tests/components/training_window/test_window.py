"""Files of several spans in one folder: nothing is copied without need, and nothing is lost."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from components.training_window.window import merge_splits, sum_rows


def _write_source(directory: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return directory


def _read(directory: Path) -> dict[str, bytes]:
    files = (path for path in directory.rglob("*") if path.is_file())
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in files}


@pytest.fixture
def sources(tmp_path: Path) -> list[tuple[str, Path]]:
    """Two spans of two splits, whose files have the same names."""
    old = {"Split-train/part-0.gz": b"1", "Split-test/part-0.gz": b"3"}
    old["Split-train/part-1.gz"] = b"2"
    new = {"Split-train/part-0.gz": b"4", "Split-test/part-0.gz": b"5"}
    return [
        ("2013-01-01", _write_source(tmp_path / "old", old)),
        ("2013-04-01", _write_source(tmp_path / "new", new)),
    ]


def _refuse_links(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    def link(source: Path, target: Path) -> None:
        raise OSError(code, os.strerror(code), str(source), None, str(target))

    monkeypatch.setattr(os, "link", link)


def test_gathers_every_file_of_the_splits_asked_for(
    sources: list[tuple[str, Path]], tmp_path: Path
) -> None:
    """Files of the same name stay apart, and other splits stay out."""
    merge_splits(sources, ["train"], tmp_path / "window")

    assert _read(tmp_path / "window") == {
        "Split-train/2013-01-01-part-0.gz": b"1",
        "Split-train/2013-01-01-part-1.gz": b"2",
        "Split-train/2013-04-01-part-0.gz": b"4",
    }


def test_links_instead_of_copying(sources: list[tuple[str, Path]], tmp_path: Path) -> None:
    """A file of the window is the source's own, and stays when the source is deleted."""
    merge_splits(sources, ["test"], tmp_path / "window")

    linked = tmp_path / "window/Split-test/2013-04-01-part-0.gz"
    source = sources[1][1] / "Split-test/part-0.gz"
    assert linked.samefile(source)
    source.unlink()
    assert linked.read_bytes() == b"5"


@pytest.mark.parametrize("code", [errno.EXDEV, errno.EPERM, errno.ENOTSUP, errno.EMLINK])
def test_copies_where_it_cannot_link(
    sources: list[tuple[str, Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """On another file system, or one without links, the window has the same content."""
    merge_splits(sources, ["train", "test"], tmp_path / "linked")
    _refuse_links(monkeypatch, code)

    merge_splits(sources, ["train", "test"], tmp_path / "copied")

    assert _read(tmp_path / "copied") == _read(tmp_path / "linked")
    copied = tmp_path / "copied/Split-train/2013-01-01-part-0.gz"
    assert not copied.samefile(sources[0][1] / "Split-train/part-0.gz")


def test_another_error_of_the_file_system_is_raised(
    sources: list[tuple[str, Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk is no reason to try a copy."""
    _refuse_links(monkeypatch, errno.ENOSPC)

    with pytest.raises(OSError, match="No space left"):
        merge_splits(sources, ["train"], tmp_path / "window")


def test_a_missing_split_is_an_error(sources: list[tuple[str, Path]], tmp_path: Path) -> None:
    """A source without a split is named, and not taken for an empty one."""
    with pytest.raises(FileNotFoundError, match=r"old.*Split-validation"):
        merge_splits(sources, ["validation"], tmp_path / "window")


def test_an_empty_split_is_none_but_there(tmp_path: Path) -> None:
    """A split without files has an empty folder in the window."""
    (tmp_path / "source/Split-train").mkdir(parents=True)

    merge_splits([("2013-01-01", tmp_path / "source")], ["train"], tmp_path / "window")

    assert list((tmp_path / "window/Split-train").iterdir()) == []


@pytest.mark.parametrize("name", ["-rf", "a b", "$(true)", "*", "..x", ".hidden", "é\n"])
def test_hostile_names_are_only_names(tmp_path: Path, name: str) -> None:
    """A file's name is kept as it is, behind the span's."""
    source = _write_source(tmp_path / "source", {f"Split-train/{name}": b"1"})

    merge_splits([("2013-01-01", source)], ["train"], tmp_path / "window")

    assert _read(tmp_path / "window") == {f"Split-train/2013-01-01-{name}": b"1"}


@pytest.mark.parametrize("can_link", [True, False])
def test_names_that_run_together_lose_no_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, can_link: bool
) -> None:
    """Two files that would get the same name are an error: neither replaces the other."""
    one = _write_source(tmp_path / "one", {"Split-train/b-c": b"1"})
    other = _write_source(tmp_path / "other", {"Split-train/c": b"2"})
    if not can_link:
        _refuse_links(monkeypatch, errno.EXDEV)

    with pytest.raises(FileExistsError):
        merge_splits([("a", one), ("a-b", other)], ["train"], tmp_path / "window")


def test_sums_rows_by_split() -> None:
    """Splits that are not asked for do not count."""
    counts = [{"train": 6, "validation": 1, "test": 3}, {"train": 60, "validation": 10, "test": 30}]

    assert sum_rows(counts, ["train", "validation"]) == {"train": 66, "validation": 11}


def test_a_source_that_does_not_tell_its_rows_is_an_error() -> None:
    """A count that is missing is not taken for zero."""
    with pytest.raises(KeyError, match="validation"):
        sum_rows([{"train": 6, "validation": 1}, {"train": 6}], ["train", "validation"])
