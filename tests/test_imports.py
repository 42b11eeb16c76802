"""Light modules stay light; which room may import which is held by import-linter."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

LIGHT_MODULES = [
    "pipelines.cli",
    "pipelines.config.pipeline_config",
    "pipelines.cli.ending_screen",
    "pipelines.runner.local_runner",
    "pipelines.metadata.run_store",
    "pipelines.report.pages.run_page",
    "pipelines.report.publication",
    "pipelines.runs.summaries",
    "components.curated_schema.schema_diff",
    "components.model_validator.gates",
    "components.model_validator.judgement",
    "components.model_validator.investigation",
    "schemas.chicago_taxi.features",
]
HEAVY_PACKAGES = ("tensorflow", "tfx", "apache_beam", "tensorflow_transform")


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


def test_help_imports_next_to_nothing() -> None:
    """The list of commands is there at once: pydantic alone takes twice as long as all else."""
    code = "import sys, pipelines.cli; print('pydantic' in sys.modules)"

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "False"
