"""A deployment for a test: the shipped DAG files, a configuration and an output root of its own."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from dags.airflow_config import PROJECT_ROOT, AirflowConfig, load_airflow_config
from dags.compiled_pipeline import load_compiled_pipeline
from dags.pipeline_commands import PipelineCommands, choose_environment
from pipelines.config.layout import OutputLayout
from pipelines.records.description import PipelineDescription

DAG_FILES = sorted((PROJECT_ROOT / "dags").glob("chicago_taxi_*.py"))
SAMPLE = "chicago_taxi/sample"
COMPILE_SECONDS = 300
HISTORY_SECONDS = 120
NODE_SECONDS = 600.0


@dataclasses.dataclass(frozen=True)
class Deployment:
    """Where things are.

    Attributes:
        directory: Folder of everything that belongs to it.
    """

    directory: Path

    @property
    def dags_folder(self) -> Path:
        """Folder of the DAG files and their ``airflow.yaml``."""
        return self.directory / "dags"

    @property
    def data_root(self) -> Path:
        """Folder below which a run may read data, beside the project's own."""
        return self.directory / "data"

    @property
    def layout(self) -> OutputLayout:
        """Where its runs are kept."""
        return OutputLayout(self.directory / "output")

    @property
    def config(self) -> AirflowConfig:
        """Its configuration."""
        return load_airflow_config(self.dags_folder / "airflow.yaml")

    @property
    def pipeline(self) -> PipelineDescription:
        """Its compiled pipeline."""
        return load_compiled_pipeline(self.config.description)

    def read_history(self, run_id: str, variables: Mapping[str, str] | None = None) -> Any:
        """Read from the metadata store what each node's executions in a run came to.

        Args:
            variables: Environment variables beside this process's own.

        Returns:
            What ``tests.run_history`` prints.
        """
        command = [str(self.config.python), "-m", "tests.run_history", run_id]
        done = subprocess.run(
            [*command, *self.config.overrides],
            cwd=PROJECT_ROOT,
            env=choose_environment({**os.environ, **(variables or {})}),
            stdout=subprocess.PIPE,
            timeout=HISTORY_SECONDS,
            check=True,
        )
        return json.loads(done.stdout)

    def wait_for_node(self, run_id: str, node_id: str) -> int:
        """Wait until a node is at work, and give the id of its process."""
        path = self.layout.run(run_id).lock_path(node_id)
        end = time.monotonic() + NODE_SECONDS
        while time.monotonic() < end:
            pid = _find_holder(path)
            if pid is not None:
                return pid
            time.sleep(0.02)
        raise TimeoutError(f"{node_id} of {run_id} was never at work")


def create_deployment(directory: Path, changes: Mapping[str, Any] | None = None) -> Deployment:
    """Lay a deployment out and compile its pipeline.

    Args:
        directory: An empty folder.
        changes: Keys of ``airflow.yaml`` that differ; ``overrides`` are added to its own.
    """
    deployment = Deployment(directory)
    deployment.dags_folder.mkdir()
    deployment.data_root.mkdir()
    for path in [*DAG_FILES, PROJECT_ROOT / "dags" / ".airflowignore"]:
        shutil.copy(path, deployment.dags_folder)
    values = {**_create_values(deployment), **(changes or {})}
    values["overrides"] = [f"output_root={deployment.layout.root}", *values.get("overrides", [])]
    path = deployment.dags_folder / "airflow.yaml"
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    subprocess.run(
        PipelineCommands(deployment.config).compile_shape(),
        cwd=PROJECT_ROOT,
        env=choose_environment(os.environ),
        check=True,
        timeout=COMPILE_SECONDS,
    )
    return deployment


def _create_values(deployment: Deployment) -> dict[str, Any]:
    """As shipped, but for a small pipeline and quick retries."""
    shipped = (PROJECT_ROOT / "dags" / "airflow.yaml").read_text(encoding="utf-8")
    return {
        **yaml.safe_load(shipped),
        "environment": "test",
        "description": str(deployment.directory / "compiled" / "description.json"),
        "data_roots": ["data", str(deployment.data_root)],
        "max_active_runs": 2,
        "retry": {"count": 2, "delay_seconds": 1, "backoff": 1, "max_delay_seconds": 1},
    }


def _find_holder(path: Path) -> int | None:
    """Find the process that holds a file locked."""
    if not path.exists():
        return None
    inode = str(path.stat().st_ino)
    for line in Path("/proc/locks").read_text().splitlines():
        _, kind, *_, pid, place, _, _ = line.split()[:8]
        if kind == "FLOCK" and place.rpartition(":")[2] == inode and "->" not in line:
            return int(pid)
    return None
