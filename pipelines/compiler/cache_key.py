"""A hash of the code that a node imports, and of its packages, for TFX's cache key."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import sys
from collections.abc import Collection

import grimp

from pipelines.compiler.source_hash import hash_sources
from pipelines.config.code_root import CODE_ROOT

_NODE_SOURCES = ("components", "schemas")
_FEATURE_TABLE = "schemas.feature_table"
# Where Python's own table does not help: `google` is shared by many, `tf.keras` is a package of its
# own, and scikit-learn does not declare what it is imported as.
_DISTRIBUTIONS = {
    "google": ("protobuf",),
    "sklearn": ("scikit-learn",),
    "tensorflow": ("tensorflow", "tf-keras"),
}


def hash_imported_code(modules: Collection[str], task: str) -> str:
    """Hash what determines the output of a node: the code that it imports, and its packages.

    Args:
        modules: Names of the modules that run: of this product, or of a library.
        task: Folder under ``schemas/`` that is loaded where the feature table is imported.

    Returns:
        SHA-256 in hexadecimal, of the sources of this product that the modules import, directly or
        not, and of the versions of the packages that those, or a library's module, import directly.

    Raises:
        grimp.exceptions.ModuleNotPresent: If a module does not exist.
        importlib.metadata.PackageNotFoundError: If a package is of no known distribution.
    """
    sources, packages = list_imports(modules, task)
    versions = [f"{name}=={importlib.metadata.version(name)}" for name in packages]
    parts = (hash_sources(*sources), *versions)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def list_imports(modules: Collection[str], task: str) -> tuple[list[str], list[str]]:
    """List, sorted, what modules import: sources of this product, and names of distributions."""
    ours, packages = set[str](), set[str]()
    for module in modules:
        top = _get_top(module)
        if top in _NODE_SOURCES:
            ours |= {module, *_build_graph(*_NODE_SOURCES).find_upstream_modules(module)}
        else:
            packages |= {top, *_build_graph(top).find_modules_directly_imported_by(module)}
    sources = {name for name in ours if _get_top(name) in _NODE_SOURCES}
    tops = {_get_top(name) for name in packages | (ours - sources)} - sys.stdlib_module_names
    with_parents = {
        ".".join(parts[:length])
        for parts in (name.split(".") for name in sources)
        for length in range(1, len(parts) + 1)
    }
    # A task's table is loaded by its name, which no import shows.
    tasks = [f"schemas/{task}"] if _FEATURE_TABLE in ours else []
    return (
        sorted([*(_find_source(name) for name in with_parents), *tasks]),
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


def _get_top(module: str) -> str:
    return module.partition(".")[0]


def _find_source(module: str) -> str:
    place = module.replace(".", "/")
    return f"{place}/__init__.py" if (CODE_ROOT / place).is_dir() else f"{place}.py"


def _find_distributions(top_level: str) -> Collection[str]:
    return _DISTRIBUTIONS.get(top_level) or _map_packages().get(top_level) or (top_level,)


@functools.cache
def _map_packages() -> dict[str, Collection[str]]:
    return {name: set(found) for name, found in importlib.metadata.packages_distributions().items()}
