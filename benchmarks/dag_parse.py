"""How long parsing the DAG that trains takes, beyond importing Airflow itself.

``.venv-airflow/bin/python -m benchmarks.dag_parse`` prints it as JSON: ``seconds``, the shortest
first, and ``imports_tensorflow``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from dags.airflow_config import PROJECT_ROOT
from tests.dags.deployment import Deployment, create_deployment

DAG_ID = "chicago_taxi_training"
PARSES = 5
_PARSE = """
import json, runpy, sys, time
import airflow.sdk
from airflow.sdk import DAG, Asset, AssetAlias, BaseHook, BaseOperator, Param, TaskGroup
began = time.perf_counter()
runpy.run_path(sys.argv[1])
print(json.dumps([time.perf_counter() - began, "tensorflow" in sys.modules]))
"""


def measure_parse(deployment: Deployment) -> tuple[list[float], bool]:
    """Parse the DAG file that trains, each time in a fresh process that has imported Airflow.

    Returns:
        Seconds, shortest first, and whether TensorFlow was imported.
    """
    path = deployment.dags_folder / f"{DAG_ID}.py"
    environment = {**os.environ, "PYTHONPATH": str(PROJECT_ROOT)}
    command = [sys.executable, "-c", _PARSE, str(path)]
    parses = [
        json.loads(subprocess.check_output(command, env=environment, text=True).splitlines()[-1])
        for _ in range(PARSES)
    ]
    return sorted(seconds for seconds, _ in parses), any(imports for _, imports in parses)


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="dag-parse-") as folder:
        seconds, imports_tensorflow = measure_parse(create_deployment(Path(folder)))
    print(json.dumps({"seconds": seconds, "imports_tensorflow": imports_tensorflow}))


if __name__ == "__main__":
    main()
