"""The hash that stands for a node's code and packages in TFX's cache key."""

from __future__ import annotations

import importlib.metadata
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.compiler.cache_key import hash_imported_code, list_imports

_ROOT = Path(__file__).parents[3]
_SCRIPT = (
    "import json, sys\n"
    "from pipelines.compiler.cache_key import hash_imported_code\n"
    "print(json.dumps({name: hash_imported_code([name], 'chicago_taxi') for name in sys.argv[1:]}))"
)
_NODES = ("components.statistics_gen.executor", "components.evaluator.executor")


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the product's sources, to be changed."""
    copy = tmp_path_factory.mktemp("product")
    for folder in ("schemas", "components", "pipelines"):
        shutil.copytree(_ROOT / folder, copy / folder)
    return copy


def read_versions(product: Path) -> dict[str, str]:
    """Read the code versions of the nodes of a copy, in a process that imports it."""
    command = [sys.executable, "-c", _SCRIPT, *_NODES]
    done = subprocess.run(command, cwd=product, capture_output=True, text=True, check=True)
    versions: dict[str, str] = json.loads(done.stdout)
    return versions


def find_changed(product: Path, source: str) -> set[str]:
    """Change a source, tell which nodes' versions that changes, and change it back."""
    path = product / source
    kept, before = path.read_text(), read_versions(product)
    path.write_text(f"{kept}\nCHANGED = True\n")
    after = read_versions(product)
    path.write_text(kept)
    return {name for name in _NODES if after[name] != before[name]}


@pytest.mark.parametrize(
    ("source", "nodes"),
    [
        ("components/examples/parquet_examples.py", set(_NODES)),
        ("components/__init__.py", set(_NODES)),
        ("components/statistics_gen/row_group_statistics.py", {_NODES[0]}),
        ("components/metrics/sliced_scores.py", {_NODES[1]}),
        ("schemas/chicago_taxi/features.py", {_NODES[1]}),
        ("components/pusher/version_store.py", set()),
        ("pipelines/cli/commands.py", set()),
    ],
)
def test_a_node_is_new_when_what_it_imports_is_new(
    product: Path, source: str, nodes: set[str]
) -> None:
    """Its own sources and those that it leans on count, in whatever folder; others do not."""
    assert find_changed(product, source) == nodes


def test_a_node_is_new_when_a_package_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    """The version of a package that it imports is in its hash, that of another is not."""
    before = {name: hash_imported_code([name], "chicago_taxi") for name in _NODES}
    read = importlib.metadata.version
    monkeypatch.setattr(
        importlib.metadata,
        "version",
        lambda name: "0" if name == "tensorflow-data-validation" else read(name),
    )

    after = {name: hash_imported_code([name], "chicago_taxi") for name in _NODES}

    assert [name for name in _NODES if after[name] != before[name]] == [_NODES[0]]


def test_a_library_s_own_executor_counts_by_its_packages() -> None:
    """SchemaGen is TFX's: no source of ours, and what its module imports."""
    sources, packages = list_imports(["tfx.components.schema_gen.executor"], "chicago_taxi")

    assert sources == []
    assert {"tfx", "tensorflow-data-validation"} <= set(packages)


def test_a_task_needs_no_more_than_its_two_files(product: Path) -> None:
    """Its table counts, whether its folder is a package or not."""
    (product / "schemas" / "chicago_taxi" / "__init__.py").unlink()

    assert find_changed(product, "schemas/chicago_taxi/features.py") == {_NODES[1]}
