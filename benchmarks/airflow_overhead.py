"""Airflow's cost beyond the nodes: ``.venv-airflow/bin/python -m benchmarks.airflow_overhead``.

Runs whole Airflows in folders of their own, with three DAG runs on the sample and one on all trips,
and prints what each task took, how much of that was its node's work, and how long parsing a DAG
file takes.
"""

from __future__ import annotations

import datetime
import os
import statistics
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.dag_parse import DAG_ID, measure_parse
from tests.dags.airflow_api import AirflowApi, run_airflow
from tests.dags.deployment import SAMPLE, create_deployment

_WHOLE_DATA = "chicago_taxi/full"
_RUNS = {SAMPLE: ("first", "second", "refreshed"), _WHOLE_DATA: ("whole",)}


def measure_tasks(api: AirflowApi, run_id: str) -> list[tuple[str, float, float, float]]:
    """Compare the tasks of a run that has ended with their nodes.

    Returns:
        By start: task, seconds that it took, seconds of its node, and seconds that it waited
        between being queued and being started.
    """
    rows = []
    tasks = api.list_tasks(DAG_ID, run_id).values()
    for task in sorted(tasks, key=lambda each: str(each["start_date"])):
        if task["operator"] in ("NodeOperator", "PusherOperator"):
            result: Any = api.read_xcom(DAG_ID, run_id, task["task_id"])
            waited = _read_time(task["start_date"]) - _read_time(task["queued_when"])
            rows.append(
                (task["task_id"], task["duration"], result["seconds"], waited.total_seconds())
            )
    return rows


def _read_time(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def _print_tasks(api: AirflowApi, run_id: str) -> None:
    run = api.wait_for_run(DAG_ID, run_id)
    rows = measure_tasks(api, run_id)
    print(f"\n{run_id}: {run['duration']:.1f} s in all, load {os.getloadavg()[0]:.1f}")
    print(f"{'task':20} {'task s':>8} {'node s':>8} {'beyond':>8} {'waited':>8}")
    for task_id, task, node, waited in rows:
        print(f"{task_id:20} {task:8.2f} {node:8.2f} {task - node:8.2f} {waited:8.2f}")
    beyond = [task - node + waited for _, task, node, waited in rows]
    print(f"beyond its node, a task takes {statistics.median(beyond):.2f} s (median)", flush=True)


def main() -> None:
    """Measure and print."""
    for data, run_ids in _RUNS.items():
        # Data that differs so much would be refused beside the other's.
        with tempfile.TemporaryDirectory(prefix="airflow-overhead-") as folder:
            directory = Path(folder)
            (directory / "deployment").mkdir()
            deployment = create_deployment(directory / "deployment")
            parses, _ = measure_parse(deployment)
            print(f"parsing the DAG file: {', '.join(f'{each:.2f}' for each in parses)} s")
            with run_airflow(deployment, directory / "home", {}) as (_, api):
                for run_id in run_ids:
                    api.trigger(DAG_ID, run_id, data=data, refresh=run_id == "refreshed")
                    _print_tasks(api, run_id)


if __name__ == "__main__":
    main()
