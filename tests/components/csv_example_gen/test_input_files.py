"""Input files are found by pattern and told apart by content."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from components.csv_example_gen.input_files import find_csv_files, fingerprint_content
from components.data_refusal import DataRefusedError


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
    first = fingerprint_content([str(path)])
    os.utime(path, (1, 1))
    touched = fingerprint_content([str(path)])
    path.write_text("x\n2\n")
    os.utime(path, (1, 1))
    changed = fingerprint_content([str(path)])

    assert first == touched != changed


def test_an_unreadable_file_has_a_fingerprint(tmp_path: Path) -> None:
    """The fingerprint leaves it to the reader to refuse what cannot be read."""
    assert fingerprint_content([str(tmp_path)]) != fingerprint_content([])
