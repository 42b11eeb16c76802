"""TFX's launcher without what only executors need, and that all is as ever once they are needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(code: str) -> list[str]:
    """Run code in a fresh process that has imported the launcher; gives what it prints."""
    program = (
        "import sys\n"
        "from pipelines.launcher_imports import *\n"
        "import_launcher()\n"
        "def has(name): return name in sys.modules and hasattr(sys.modules[name], '__file__')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program + code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def test_the_launcher_does_without_tensorflow_and_beam() -> None:
    """Neither is loaded with it."""
    printed = run(
        "print(*(has(name) for name in ('tensorflow.python', 'apache_beam', 'tfx.orchestration')))"
    )

    assert printed == ["False False True"]


def test_the_launcher_goes_to_files_without_tensorflow(tmp_path: Path) -> None:
    """It finds, reads and fingerprints local files by Python alone."""
    (tmp_path / "a.csv").write_text("1,2\n")
    printed = run(
        "from tfx.dsl.io import fileio\n"
        "from tfx.utils import io_utils\n"
        f"print(io_utils.generate_fingerprint('all', '{tmp_path}/*.csv').split(',')[:3])\n"
        f"print(fileio.open('{tmp_path}/a.csv').read().strip(), has('tensorflow.python'))"
    )

    assert printed == ["['split:all', 'num_files:1', 'total_bytes:4']", "1,2 False"]


@pytest.mark.slow
def test_an_executor_finds_everything_as_if_it_had_been_imported_first() -> None:
    """TensorFlow is version 2 and eager, Beam executors have Beam, files are TensorFlow's again."""
    printed = run(
        "import gc\n"
        "import_execution()\n"
        "import_execution()\n"
        "import apache_beam, tensorflow as tf\n"
        "from tfx.dsl.components.base import base_beam_executor\n"
        "from tfx.dsl.io.filesystem_registry import DEFAULT_FILESYSTEM_REGISTRY as registry\n"
        "print(tf.__version__.split('.')[0], tf.executing_eagerly())\n"
        "print(base_beam_executor.beam is apache_beam)\n"
        "print(registry.get_filesystem_for_path('/data').__name__)\n"
        "print(registry.get_filesystem_for_path('gs://data').__name__)\n"
        "print(gc.isenabled())"
    )

    assert printed == ["2 True", "True", "TensorflowFilesystem", "TensorflowFilesystem", "True"]


@pytest.mark.slow
def test_components_are_imported_part_by_part() -> None:
    """Others go on between the parts; at the end a pipeline can be compiled."""
    printed = run(
        "print(sum(1 for _ in import_components()) > 1)\n"
        "print(has('tensorflow.python'), has('pipelines.compilation'))"
    )

    assert printed == ["True", "True True"]
