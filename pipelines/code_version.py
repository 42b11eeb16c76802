"""A hash of our own source, so that TFX's cache notices when the code of a step has changed."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pipelines.config import PROJECT_ROOT


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
    for path in sorted({file for place in places for file in _list_sources(PROJECT_ROOT / place)}):
        digest.update(path.relative_to(PROJECT_ROOT).as_posix().encode())
        digest.update(b"\0")
        digest.update(path.read_bytes())
        digest.update(b"\0")
    return digest.hexdigest()


def _list_sources(place: Path) -> list[Path]:
    if place.is_file():
        return [place]
    if not place.is_dir():
        raise FileNotFoundError(f"no source to hash at {place}")
    return list(place.rglob("*.py"))
