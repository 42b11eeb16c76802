"""Input files are found by pattern and recognized by content."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from components.csv_example_gen.input_files import (
    InputChangedError,
    check_unchanged,
    dump_fingerprint,
    find_csv_files,
    find_differences,
    hash_as_read,
    hash_files,
    read_state,
)
from components.problem import DataRefusedError


def fingerprint(*paths: Path) -> str:
    """Fingerprint files of a folder."""
    folder = str(paths[0].parent) if paths else ""
    return dump_fingerprint(hash_files(folder, [str(path) for path in paths]))


def test_only_csv_files_are_found_in_order(tmp_path: Path) -> None:
    """Backups and hidden files beside the CSV files are left out."""
    for name in ("b.csv.gz", "a.csv", "a.csv.bak", ".hidden.csv", "notes.txt"):
        (tmp_path / name).touch()

    assert find_csv_files(str(tmp_path), "*.csv*") == [
        str(tmp_path / "a.csv"),
        str(tmp_path / "b.csv.gz"),
    ]


def test_a_folder_name_is_not_a_pattern(tmp_path: Path) -> None:
    """Brackets in the folder's name stand for themselves."""
    folder = tmp_path / "data [2016]"
    folder.mkdir()
    (folder / "a.csv").touch()

    assert find_csv_files(str(folder), "*.csv") == [str(folder / "a.csv")]


def test_no_file_is_refused_with_the_place(tmp_path: Path) -> None:
    """A folder without CSV files is refused, and named."""
    with pytest.raises(DataRefusedError, match="no file of that name") as refusal:
        find_csv_files(str(tmp_path), "*.csv*")

    assert refusal.value.problems[0].rule == "no input file"


def test_the_fingerprint_goes_by_name_and_content(tmp_path: Path) -> None:
    """Touching a file changes nothing; another byte in the same second and size does."""
    path = tmp_path / "a.csv"
    path.write_text("x\n1\n")
    first = fingerprint(path)
    os.utime(path, (1, 1))
    touched = fingerprint(path)
    path.write_text("x\n2\n")
    os.utime(path, (1, 1))
    changed = fingerprint(path)

    assert first == touched != changed


def test_an_unreadable_file_has_a_fingerprint(tmp_path: Path) -> None:
    """The fingerprint leaves it to the reader to refuse what cannot be read."""
    assert fingerprint(tmp_path) != fingerprint()


def test_differences_from_a_fingerprint_are_named(tmp_path: Path) -> None:
    """Files with another content, new ones and missing ones, and no others."""
    for name in ("changed.csv", "gone.csv", "same.csv"):
        (tmp_path / name).write_text("x\n1\n")
    before = fingerprint(*sorted(tmp_path.iterdir()))
    (tmp_path / "changed.csv").write_text("x\n2\n")
    (tmp_path / "gone.csv").unlink()
    (tmp_path / "new.csv").write_text("x\n1\n")
    paths = [str(path) for path in sorted(tmp_path.iterdir())]

    differences = find_differences(before, hash_files(str(tmp_path), paths))

    assert differences == ["changed.csv", "gone.csv", "new.csv"]


def test_a_change_is_told_in_one_line(tmp_path: Path) -> None:
    """It names the first file, how many more there are, and the remedy."""
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("x\n1\n")
    before = fingerprint(tmp_path / "a.csv", tmp_path / "b.csv")

    with pytest.raises(InputChangedError) as failure:
        check_unchanged(str(tmp_path), before, {})

    assert str(failure.value).startswith(f"{tmp_path / 'a.csv'} (and 1 more files): was changed")
    assert str(failure.value).endswith("run again")
    assert len(str(failure.value).splitlines()) == 1


def test_the_hash_of_an_unchanged_file_is_that_of_its_bytes(tmp_path: Path) -> None:
    """Where nobody wrote meanwhile, what was read is what is there."""
    path = tmp_path / "a.csv"
    path.write_bytes(b"x\n1\n")

    sha256 = hash_as_read(str(path), read_state(str(path)))

    assert sha256 == hashlib.sha256(b"x\n1\n").hexdigest()


def test_no_hash_is_given_of_a_file_that_was_changed_meanwhile(tmp_path: Path) -> None:
    """Neither one written to, nor one swapped for another and back, with its times put back."""
    path, aside = tmp_path / "a.csv", tmp_path / "aside"
    path.write_text("x\n1\n")
    os.utime(path, ns=(1, 1))
    before = read_state(str(path))
    path.rename(aside)
    path.write_text("x\n2\n")
    aside.rename(path)
    os.utime(path, ns=(1, 1))

    assert path.read_text() == "x\n1\n"
    assert hash_as_read(str(path), before) == ""


def test_a_file_that_can_not_be_read_has_no_hash(tmp_path: Path) -> None:
    """As in the fingerprint, to say why is left to reading it as CSV."""
    assert hash_as_read(str(tmp_path), read_state(str(tmp_path))) is None
