"""Hashes of sources and of an installation, by which changed code is noticed."""

from __future__ import annotations

import functools
import hashlib
import sys
import sysconfig
from pathlib import Path

from pipelines.config.code_root import CODE_ROOT

ALL_SOURCES = ("schemas", "components", "pipelines")
"""Folders that a run may import from."""


def hash_sources(*places: str) -> str:
    """Hash Python sources by path and content; of folders, all below them.

    Returns:
        SHA-256 in hexadecimal, the same wherever the product lies.

    Raises:
        FileNotFoundError: If a place beside this package does not exist.
    """
    digest = hashlib.sha256()
    for path in sorted({file for place in places for file in _list_sources(CODE_ROOT / place)}):
        name = path.relative_to(CODE_ROOT).as_posix()
        digest.update(b"%s\0%s\0" % (name.encode(), path.read_bytes()))
    return digest.hexdigest()


@functools.cache
def hash_product() -> str:
    """Hash all sources, once per process; as ``hash_sources``."""
    return hash_sources(*ALL_SOURCES)


@functools.cache
def hash_installation() -> str:
    """Hash what a process of this very installation imports: sources, packages, interpreter."""
    site_packages = {Path(sysconfig.get_path(name)) for name in ("purelib", "platlib")}
    # Their folders are named by distribution and version.
    installed = sorted(path.name for place in site_packages for path in place.glob("*.dist-info"))
    parts = (hash_product(), *installed, sys.executable, str(CODE_ROOT))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _list_sources(place: Path) -> list[Path]:
    if place.is_file():
        return [place]
    if not place.is_dir():
        raise FileNotFoundError(f"no source to hash at {place}")
    return list(place.rglob("*.py"))
