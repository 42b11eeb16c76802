"""The folder of versions: whole or not at all, always increasing, never twice the same."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from components.pusher import version_store
from components.pusher.pushed_model import PushedVersion
from components.pusher.version_store import hash_directory, list_versions, push_version


def write_model(directory: Path, weights: str = "1", variable_files: int = 3) -> Path:
    """Write files in the layout of a SavedModel."""
    (directory / "variables").mkdir(parents=True)
    (directory / "saved_model.pb").write_text("graph")
    for index in range(variable_files):
        (directory / "variables" / f"{index}").write_text(weights)
    return directory


@pytest.fixture
def serving_root(tmp_path: Path) -> Path:
    """A folder of versions that is not there yet."""
    return tmp_path / "artifacts" / "serving"


def test_a_pushed_version_is_the_model_and_nothing_else(tmp_path: Path, serving_root: Path) -> None:
    """The version's folder has the model's files only, and a server sees one version."""
    model = write_model(tmp_path / "model")

    pushed = push_version(model, serving_root)

    assert pushed.is_new
    assert Path(pushed.path) == serving_root / str(pushed.version)
    assert hash_directory(Path(pushed.path)) == hash_directory(model)
    assert list_versions(serving_root) == [pushed.version]
    visible = [path.name for path in serving_root.iterdir() if not path.name.startswith(".")]
    assert visible == [str(pushed.version)]


def test_the_newest_model_is_not_pushed_twice(tmp_path: Path, serving_root: Path) -> None:
    """Pushing what is there already gives its version."""
    model = write_model(tmp_path / "model")
    first = push_version(model, serving_root)

    second = push_version(model, serving_root)

    assert not second.is_new
    assert (second.version, second.path) == (first.version, first.path)
    assert list_versions(serving_root) == [first.version]


def test_an_older_model_is_pushed_again(tmp_path: Path, serving_root: Path) -> None:
    """Only the newest version is served, so a return to an older model is a new version."""
    old, new = write_model(tmp_path / "old", "1"), write_model(tmp_path / "new", "2")
    versions = [push_version(model, serving_root).version for model in (old, new, old)]

    assert versions == sorted(set(versions))
    assert hash_directory(serving_root / str(versions[-1])) == hash_directory(old)


def test_versions_increase_when_the_clock_is_set_back(
    tmp_path: Path, serving_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A version's number is above all that are there, whatever the time."""
    first = push_version(write_model(tmp_path / "first", "1"), serving_root)
    monkeypatch.setattr("time.time", lambda: 1.0)

    second = push_version(write_model(tmp_path / "second", "2"), serving_root)

    assert second.version == first.version + 1


def test_versions_increase_after_the_newest_was_deleted(
    tmp_path: Path, serving_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A number is not used again for another model."""
    first = push_version(write_model(tmp_path / "first", "1"), serving_root)
    Path(first.path).rename(tmp_path / "deleted")
    later = time.time() + 1
    monkeypatch.setattr("time.time", lambda: later)

    second = push_version(write_model(tmp_path / "second", "2"), serving_root)

    assert second.version > first.version


def test_killing_a_push_leaves_no_version(tmp_path: Path, serving_root: Path) -> None:
    """After kill -9 in the middle nothing half is visible, and the next push is whole."""
    model = write_model(tmp_path / "model", variable_files=3000)
    code = (
        "import sys; from pathlib import Path; "
        "from components.pusher.version_store import push_version; "
        "push_version(Path(sys.argv[1]), Path(sys.argv[2]))"
    )
    pushing = subprocess.Popen([sys.executable, "-c", code, str(model), str(serving_root)])
    unfinished = serving_root / ".push-unfinished" / "variables" / "0"
    _wait_for(unfinished)
    pushing.kill()
    pushing.wait()

    assert unfinished.exists(), "the push was over before it was killed"
    assert list_versions(serving_root) == []

    small = write_model(tmp_path / "small")
    pushed = push_version(small, serving_root)
    assert hash_directory(Path(pushed.path)) == hash_directory(small)
    assert not unfinished.parent.parent.exists()


def test_pushes_at_the_same_time_give_a_version_each(tmp_path: Path, serving_root: Path) -> None:
    """Eight pushers get eight versions, and a watcher sees none that is not whole."""
    models = [write_model(tmp_path / str(index), str(index)) for index in range(8)]
    hashes = {hash_directory(model) for model in models}
    with ThreadPoolExecutor(len(models)) as pool:
        pushes = [pool.submit(push_version, model, serving_root) for model in models]
        seen = {hash_directory(path) for path in _watch(serving_root, pushes)}

    assert seen <= hashes
    versions = [push.result().version for push in pushes]
    assert sorted(versions) == list_versions(serving_root)
    assert {hash_directory(serving_root / str(version)) for version in versions} == hashes


def test_pushing_the_same_model_at_the_same_time_adds_it_once(
    tmp_path: Path, serving_root: Path
) -> None:
    """One pusher adds the version; the others find it there."""
    model = write_model(tmp_path / "model")
    with ThreadPoolExecutor(4) as pool:
        pushed = list(pool.map(lambda _: push_version(model, serving_root), range(4)))

    assert [push.is_new for push in pushed].count(True) == 1
    assert len(list_versions(serving_root)) == 1


def test_a_failed_copy_adds_no_version(
    tmp_path: Path, serving_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk is an error, not a version."""

    def fail(path: Path) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(version_store, "_flush", fail)

    with pytest.raises(OSError, match="No space left"):
        push_version(write_model(tmp_path / "model"), serving_root)
    assert list_versions(serving_root) == []


def test_what_is_no_saved_model_is_refused(tmp_path: Path, serving_root: Path) -> None:
    """A folder without a graph is an error that names it, and leaves no trace."""
    (tmp_path / "empty").mkdir()

    with pytest.raises(ValueError, match=r"empty holds no saved_model\.pb"):
        push_version(tmp_path / "empty", serving_root)
    assert not serving_root.exists()


def test_only_numbered_folders_are_versions(serving_root: Path) -> None:
    """Files, hidden folders and other names are none; numbers sort by size."""
    for name in ("9", "10", "v11", ".12", "²"):
        (serving_root / name).mkdir(parents=True)
    (serving_root / "13").touch()

    assert list_versions(serving_root) == [9, 10]


def test_the_hash_is_of_names_and_contents(tmp_path: Path) -> None:
    """Moving bytes between a name and its content changes the hash."""
    for name, content in (("ab", "c"), ("a", "bc")):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).write_text(content)

    assert hash_directory(tmp_path / "ab") != hash_directory(tmp_path / "a")


def _wait_for(path: Path) -> None:
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.001)


def _watch(serving_root: Path, pushes: list[Future[PushedVersion]]) -> Iterator[Path]:
    """Give every version's folder, again and again, until the pushes are done."""
    while not all(push.done() for push in pushes):
        for version in list_versions(serving_root):
            yield serving_root / str(version)
