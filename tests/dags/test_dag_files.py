from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from airflow.dag_processing.dagbag import DagBag

from dags.airflow_config import PROJECT_ROOT
from dags.compiled_pipeline import load_compiled_pipeline
from pipelines.records.description import PipelineDescription
from pipelines.records.errors import ConfigError
from tests.dags.deployment import DAG_FILES, Deployment

HEAVY_PACKAGES = ("tfx", "tensorflow", "apache_beam", "tensorflow_transform", "ml_metadata")


def test_dag_files_import(deployment: Deployment, pipeline: PipelineDescription) -> None:
    """The shipped DAG files give two DAGs and no import error; no other file is taken for one."""
    bag = DagBag(str(deployment.dags_folder))

    assert bag.import_errors == {}
    assert set(bag.dags) == {f"{pipeline.name}_training", f"{pipeline.name}_pushed_model_check"}


def test_modules_beside_dag_files_are_no_dag_files() -> None:
    """Airflow looks at the DAG files alone."""
    from airflow.utils.file import list_py_file_paths

    found = {Path(path) for path in list_py_file_paths(str(PROJECT_ROOT / "dags"))}

    assert found == set(DAG_FILES)


@pytest.mark.parametrize("path", DAG_FILES, ids=lambda path: path.stem)
def test_dag_files_import_no_tensorflow(deployment: Deployment, path: Path) -> None:
    """Parsing a DAG imports neither TFX, nor TensorFlow, nor Beam, nor the pipeline itself."""
    code = (
        "import runpy, sys; runpy.run_path(sys.argv[1])\n"
        f"print([name for name in {HEAVY_PACKAGES!r} if name in sys.modules])\n"
        "print('pipelines.pipeline' in sys.modules)"
    )

    done = subprocess.run(
        [sys.executable, "-c", code, str(deployment.dags_folder / path.name)],
        env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.splitlines()[-2:] == ["[]", "False"]


@pytest.mark.parametrize("content", [None, "{}", "no JSON"])
def test_dag_without_a_compiled_pipeline_says_what_to_do(
    tmp_path: Path, content: str | None
) -> None:
    """A missing or stale description is told in one line with the remedy."""
    path = tmp_path / "description.json"
    if content is not None:
        path.write_text(content)

    with pytest.raises(ConfigError, match="make airflow-compile"):
        load_compiled_pipeline(path)
