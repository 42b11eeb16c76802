"""Hashes of code and packages, so that a change of either is noticed: by TFX's cache, by runs."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import sys
import sysconfig
from collections.abc import Collection
from pathlib import Path

import grimp

from pipelines.config import PROJECT_ROOT

ALL_SOURCES = ("schemas", "components", "pipelines")
"""Folders of what a run may import."""

_NODE_SOURCES = ("components", "schemas")
_FEATURE_TABLE = "schemas.feature_table"
# Where a name alone does not tell: `google` is shared by many, `tf.keras` is a package of its own.
_DISTRIBUTIONS = {"google": ("protobuf",), "tensorflow": ("tensorflow", "tf-keras")}


def hash_sources(*places: str) -> str:
    """Hash Python sources by path and content.

    Args:
        places: Files or folders beside this package; folders are read with all below them.

    Returns:
        SHA-256 in hexadecimal, the same wherever the product lies.

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


@functools.cache
def hash_product() -> str:
    """Hash all sources, once a process; as ``hash_sources``."""
    return hash_sources(*ALL_SOURCES)


@functools.cache
def hash_installation() -> str:
    """Hash what a process of this product imports: all sources, installed packages, interpreter.

    Returns:
        SHA-256 in hexadecimal, of this installation alone.
    """
    site_packages = {Path(sysconfig.get_path(name)) for name in ("purelib", "platlib")}
    # Their folders are named by distribution and version.
    installed = sorted(path.name for place in site_packages for path in place.glob("*.dist-info"))
    parts = (hash_product(), *installed, sys.executable, str(PROJECT_ROOT))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def hash_imported_code(modules: Collection[str], task: str) -> str:
    """Hash what decides the output of a node: the code that it imports, and its packages.

    Args:
        modules: Names of the modules that run: of this product, or of a library.
        task: Folder under ``schemas/`` that is loaded where the feature table is imported.

    Returns:
        SHA-256 in hexadecimal, of the sources of this product that the modules import directly or
        indirectly, and of the versions of the packages that those sources, or a library's own
        module, import directly.

    Raises:
        grimp.exceptions.ModuleNotPresent: If a module does not exist.
        importlib.metadata.PackageNotFoundError: If a package is of no known distribution.
    """
    sources, packages = list_imports(modules, task)
    parts = (hash_sources(*sources), *(_read_version(name) for name in packages))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def list_imports(modules: Collection[str], task: str) -> tuple[list[str], list[str]]:
    """List what modules import; arguments as of ``hash_imported_code``.

    Returns:
        Source files of this product, as ``hash_sources`` takes them, and names of distributions,
        both sorted.
    """
    ours, packages = set[str](), set[str]()
    for module in modules:
        if module.split(".")[0] in _NODE_SOURCES:
            ours |= {module, *_build_graph(*_NODE_SOURCES).find_upstream_modules(module)}
        else:
            library = module.split(".")[0]
            packages |= {library, *_build_graph(library).find_modules_directly_imported_by(module)}
    if _FEATURE_TABLE in ours:
        ours |= _build_graph(*_NODE_SOURCES).find_descendants(f"schemas.{task}")
    packages |= {name for name in ours if name.split(".")[0] not in _NODE_SOURCES}
    tops = {name.split(".")[0] for name in packages} - sys.stdlib_module_names
    sources = {name for name in ours if name.split(".")[0] in _NODE_SOURCES}
    with_parents = {
        ".".join(parts[:length])
        for parts in (name.split(".") for name in sources)
        for length in range(1, len(parts) + 1)
    }
    return (
        sorted(_find_source(name) for name in with_parents),
        sorted({name for top in tops for name in _find_distributions(top)}),
    )


@functools.cache
def _build_graph(*packages: str) -> grimp.ImportGraph:
    return grimp.build_graph(
        *packages,
        include_external_packages=True,
        exclude_type_checking_imports=True,
        cache_dir=None,
    )


def _find_source(module: str) -> str:
    place = module.replace(".", "/")
    return f"{place}/__init__.py" if (PROJECT_ROOT / place).is_dir() else f"{place}.py"


def _find_distributions(top_level: str) -> Collection[str]:
    return _DISTRIBUTIONS.get(top_level) or _map_packages().get(top_level) or (top_level,)


@functools.cache
def _map_packages() -> dict[str, Collection[str]]:
    return {name: set(found) for name, found in importlib.metadata.packages_distributions().items()}


def _read_version(distribution: str) -> str:
    return f"{distribution}=={importlib.metadata.version(distribution)}"


def _list_sources(place: Path) -> list[Path]:
    if place.is_file():
        return [place]
    if not place.is_dir():
        raise FileNotFoundError(f"no source to hash at {place}")
    return list(place.rglob("*.py"))
