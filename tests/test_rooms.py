"""The rooms of the tree: imports flow one way, and light modules stay light."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

MAY_IMPORT = {
    "schemas": {"schemas"},
    "components": {"schemas", "components"},
    "pipelines": {"schemas", "components", "pipelines"},
    "dags": {"pipelines", "dags"},
}
ROOMS = {"schemas", "components", "pipelines", "dags", "benchmarks", "tests"}

LIGHT_MODULES = [
    "pipelines.cli",
    "pipelines.config.pipeline_config",
    "pipelines.cli.ending_screen",
    "pipelines.runner.local_runner",
    "pipelines.metadata.run_store",
    "pipelines.report.pages.page",
    "pipelines.report.publication",
    "pipelines.runs.run_summary",
    "components.curated_schema.schema_diff",
    "components.model_validator.gates",
    "components.model_validator.judgement",
    "components.model_validator.investigation",
    "schemas.chicago_taxi.features",
]
HEAVY_PACKAGES = ("tensorflow", "tfx", "apache_beam", "tensorflow_transform")


def _list_imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("room", sorted(MAY_IMPORT))
def test_imports_flow_one_way(room: str) -> None:
    """A room imports only from itself and from the rooms before it."""
    for path in (ROOT / room).rglob("*.py"):
        for module in _list_imports(path):
            top = module.partition(".")[0]
            assert top not in ROOMS - MAY_IMPORT[room], f"{path} imports {module}"


def test_nothing_imports_the_heavy_front_door_of_tfx() -> None:
    """``tfx.v1`` pulls in Google Cloud's libraries, which takes seconds; nobody imports it."""
    for room in MAY_IMPORT:
        for path in (ROOT / room).rglob("*.py"):
            assert not [name for name in _list_imports(path) if name.startswith("tfx.v1")], path


def test_airflow_is_for_dags_alone() -> None:
    """Airflow lives in an environment of its own, which only the DAGs run in."""
    for room in set(MAY_IMPORT) - {"dags"}:
        for path in (ROOT / room).rglob("*.py"):
            assert not [name for name in _list_imports(path) if name.startswith("airflow")], path


@pytest.mark.parametrize("module", LIGHT_MODULES)
def test_light_modules_import_no_tensorflow(module: str) -> None:
    """What the command line needs to answer at once imports no TensorFlow, TFX or Beam."""
    code = (
        f"import sys, {module}; print([name for name in {HEAVY_PACKAGES!r} if name in sys.modules])"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("before", ["", "0", "1"])
def test_our_code_decides_the_keras(before: str) -> None:
    """Importing our code makes ``tf.keras`` Keras 2, whatever the environment said before."""
    code = "import os, components; print(os.environ['TF_USE_LEGACY_KERAS'])"

    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"TF_USE_LEGACY_KERAS": before},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == "1"
