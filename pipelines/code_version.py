"""A hash of our own source, so that TFX's cache notices when the code of a step has changed."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from pipelines.config import CODE_ROOT

ALL_SOURCES = ("schemas", "components", "pipelines")
"""Folders of what a run may import."""


def hash_sources(*places: str) -> str:
    """Hash Python sources by path and content.

    Args:
        places: Files or folders below the project's root; folders are read with all below them.

    Returns:
        SHA-256 in hexadecimal, the same wherever the project lies.

    Raises:
        FileNotFoundError: If a place does not exist.
    """
    digest = hashlib.sha256()
    for path in sorted({file for place in places for file in _list_sources(CODE_ROOT / place)}):
        digest.update(path.relative_to(CODE_ROOT).as_posix().encode())
        digest.update(b"\0")
        digest.update(path.read_bytes())
        digest.update(b"\0")
    return digest.hexdigest()


def hash_installation() -> str:
    """Hash what a process of this project imports: all sources, locked packages, interpreter.

    Returns:
        SHA-256 in hexadecimal, of this installation alone.

    Raises:
        FileNotFoundError: If the project is not whole.
    """
    # An installed package has none.
    lock_path = CODE_ROOT / "requirements" / "lock.txt"
    lock = lock_path.read_bytes() if lock_path.is_file() else b""
    code = hash_sources(*ALL_SOURCES)
    parts = (code, hashlib.sha256(lock).hexdigest(), sys.executable, str(CODE_ROOT))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _list_sources(place: Path) -> list[Path]:
    if place.is_file():
        return [place]
    if not place.is_dir():
        raise FileNotFoundError(f"no source to hash at {place}")
    return list(place.rglob("*.py"))
