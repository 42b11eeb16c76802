"""A folder of numbered model versions, as TensorFlow Serving watches it; plain Python.

A version appears whole or not at all, even when the process is killed in the middle: it is copied
into a hidden folder beside the versions and then renamed, which a file system does in one step.
Hidden names are no numbers, so a server does not look at them.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from pathlib import Path

from components.examples.input_file import hash_file
from components.file_lock import FileLock
from components.pusher.pushed_model import PushedVersion

_LOCK_NAME = ".push-lock"
_UNFINISHED_NAME = ".push-unfinished"


def push_version(source: Path, serving_root: Path) -> PushedVersion:
    """Add a SavedModel as the newest version, unless it is the newest version already.

    A version's number is the Unix time in seconds, or one above the newest version if that is
    larger: it always increases, also after versions were deleted or the clock was set back.
    Pushes from several processes wait for each other.

    Raises:
        ValueError: If ``source`` holds no SavedModel.
        OSError: If copying fails; no version has been added then.
    """
    if not (source / "saved_model.pb").is_file():
        raise ValueError(f"{source} holds no saved_model.pb, so it can't be pushed as a SavedModel")
    with FileLock(serving_root / _LOCK_NAME, f"the versions in {serving_root}").hold():
        newest = max(list_versions(serving_root), default=0)
        newest_path = serving_root / str(newest)
        if newest and is_copy(newest_path, source):
            return PushedVersion(version=newest, path=str(newest_path), is_new=False)
        version = max(int(time.time()), newest + 1)
        return _add_version(source, serving_root, version)


def list_versions(serving_root: Path) -> list[int]:
    """List the versions in a folder, lowest first; none if there is no folder."""
    if not serving_root.is_dir():
        return []
    names = (path.name for path in serving_root.iterdir() if path.is_dir())
    return sorted(int(name) for name in names if name.isascii() and name.isdecimal())


def is_copy(directory: Path, other: Path) -> bool:
    """Tell whether two folders hold the same files; a folder that is not there holds none."""
    is_alike = _measure_files(directory) == _measure_files(other)
    return is_alike and hash_directory(directory) == hash_directory(other)


def hash_directory(directory: Path) -> str:
    """Hash the names and contents of all files in a folder; gives SHA-256 in hexadecimal."""
    files = [(str(path), hash_file(str(directory / path))) for path, _ in _measure_files(directory)]
    return hashlib.sha256(json.dumps(files).encode()).hexdigest()


def _add_version(source: Path, serving_root: Path, version: int) -> PushedVersion:
    """Copy to the hidden folder and rename; the caller holds the lock.

    What is in the hidden folder was left by a push that was killed: a live one would hold the lock.
    """
    unfinished, target = serving_root / _UNFINISHED_NAME, serving_root / str(version)
    shutil.rmtree(unfinished, ignore_errors=True)
    shutil.copytree(source, unfinished)
    # Else a crash could leave the version hollow.
    for path in (*unfinished.rglob("*"), unfinished):
        _flush(path)
    unfinished.rename(target)
    _flush(serving_root)
    return PushedVersion(version=version, path=str(target), is_new=True)


def _measure_files(directory: Path) -> list[tuple[Path, int]]:
    files = (path for path in directory.rglob("*") if path.is_file())
    return sorted((path.relative_to(directory), path.stat().st_size) for path in files)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
