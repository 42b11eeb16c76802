"""Compile the pipeline's shape, which the DAG files read: ``python -m dags.compilation``.

No Airflow import: the compiler runs in the environment that holds TFX.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from dags.airflow_config import PROJECT_ROOT, load_airflow_config
from dags.pipeline_commands import PipelineCommands, choose_environment
from pipelines.records.errors import ConfigError


def main(arguments: Sequence[str] | None = None) -> int:
    """Compile the pipeline of a folder of DAGs."""
    parser = argparse.ArgumentParser(prog="python -m dags.compilation", description=main.__doc__)
    parser.add_argument("--dags", type=Path, default=PROJECT_ROOT / "dags")
    path = parser.parse_args(arguments).dags / "airflow.yaml"
    try:
        commands = PipelineCommands(load_airflow_config(path))
    except ConfigError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return subprocess.run(
        commands.compile_shape(), cwd=PROJECT_ROOT, env=choose_environment(os.environ), check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
