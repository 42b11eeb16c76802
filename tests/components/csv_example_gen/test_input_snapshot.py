"""The input is copied, hashed and held against what the driver found, in one reading."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from components.csv_example_gen.input_files import dump_fingerprint, hash_files, list_csv_files
from components.csv_example_gen.input_snapshot import Snapshot, copy_file, take_snapshot
from components.data_refusal import DataProblem, DataRefusedError


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with two files, one of them in a folder of its own."""
    folder = tmp_path / "data"
    (folder / "b").mkdir(parents=True)
    (folder / "a.csv").write_text("x\n1\n")
    (folder / "b/c.csv").write_text("x\n2\n")
    return folder


def take(data: Path, change: Callable[[], object] = lambda: None) -> Snapshot:
    """Fingerprint a folder's files, change something, and copy them."""
    fingerprint = dump_fingerprint(hash_files(str(data), list_csv_files(str(data), "**/*.csv")))
    change()
    directory = data.parent / "copies"
    paths = list_csv_files(str(data), "**/*.csv")
    return take_snapshot(str(data), paths, fingerprint, str(directory))


def test_copies_what_was_fingerprinted(data: Path) -> None:
    """Each file is copied byte for byte, in order, with its hash."""
    snapshot = take(data)

    contents = [Path(path).read_bytes() for path in snapshot.paths]
    assert contents == [b"x\n1\n", b"x\n2\n"]
    assert dict(snapshot.hashes) == {
        name: hashlib.sha256(content).hexdigest()
        for name, content in zip(("a.csv", "b/c.csv"), contents, strict=True)
    }


def test_a_file_that_changed_is_named(data: Path) -> None:
    """Other bytes of the same size at the same time are told in one line, with the remedy."""

    def change() -> None:
        times = (data / "a.csv").stat()
        (data / "a.csv").write_text("x\n3\n")
        os.utime(data / "a.csv", ns=(times.st_atime_ns, times.st_mtime_ns))

    with pytest.raises(RuntimeError, match="while the input was being read") as failure:
        take(data, change)

    assert str(failure.value).startswith(f"{data / 'a.csv'}: was changed")
    assert str(failure.value).endswith("run again")
    assert len(str(failure.value).splitlines()) == 1


def test_a_file_that_came_is_named(data: Path) -> None:
    """A file that the fingerprint does not have is not read in silence."""
    with pytest.raises(RuntimeError, match=r"n\.csv: was changed, added or removed"):
        take(data, lambda: (data / "n.csv").write_text("x\n1\n"))


@pytest.mark.parametrize("gone", [["a.csv"], ["a.csv", "b/c.csv"]])
def test_a_file_that_went_is_named(data: Path, gone: list[str]) -> None:
    """Nor is one left out in silence, or all of them."""

    def change() -> None:
        for name in gone:
            (data / name).unlink()

    with pytest.raises(RuntimeError, match=r"a\.csv( \(and 1 more files\))?: was changed"):
        take(data, change)


def test_a_file_that_goes_while_files_are_copied_is_named(data: Path) -> None:
    """One that was listed and can't be opened any more is told in the same line."""
    paths = list_csv_files(str(data), "**/*.csv")
    fingerprint = dump_fingerprint(hash_files(str(data), paths))
    (data / "a.csv").unlink()

    with pytest.raises(RuntimeError, match=r"a\.csv: was changed, added or removed"):
        take_snapshot(str(data), paths, fingerprint, str(data.parent / "copies"))


def test_a_file_that_never_could_be_read_is_refused(data: Path) -> None:
    """What the driver could not read either is refused with the system's reason."""
    (data / "d.csv").mkdir()

    with pytest.raises(DataRefusedError, match="cannot be read") as refusal:
        take(data)

    assert [problem.file for problem in refusal.value.problems] == [str(data / "d.csv")]


def test_a_copy_that_cannot_be_written_is_no_fault_of_the_input(data: Path) -> None:
    """A folder without room for the copies, say, is told as what it is."""
    (data.parent / "copies").touch()

    with pytest.raises(OSError, match="copies"):
        take(data)


def test_the_hash_is_of_the_bytes_that_were_copied(tmp_path: Path) -> None:
    """A source that gives each byte only once is enough, so a second look at it decides nothing."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    content = b"x\n" + b"1\n" * (1 << 20)
    writer = threading.Thread(target=pipe.write_bytes, args=(content,))
    writer.start()

    with pipe.open("rb") as reader:
        sha256 = copy_file(reader, tmp_path / "copies/a.csv")

    writer.join()
    assert (tmp_path / "copies/a.csv").read_bytes() == content
    assert sha256 == hashlib.sha256(content).hexdigest()


def test_problems_of_copies_are_told_of_the_files(data: Path) -> None:
    """The user reads the names of the files, in a message with two of them as well."""
    snapshot = take(data)
    first, second = snapshot.paths
    problems = (
        DataProblem(rule="different headers", message=f"{second}: as {first}", file=second),
        DataProblem(rule="empty split", message="no file"),
    )

    assert snapshot.name_originals(problems) == (
        DataProblem(
            rule="different headers",
            message=f"{data / 'b/c.csv'}: as {data / 'a.csv'}",
            file=str(data / "b/c.csv"),
        ),
        problems[1],
    )
