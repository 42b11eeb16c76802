"""A client of Airflow's public API, and what a test asks of a running Airflow."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from dags.standalone import StandaloneAirflow
from dags.standalone_settings import ADMIN, StandaloneSettings
from tests.dags.deployment import Deployment

# Far more than any run takes on an idle machine: reached only where something hangs.
RUN_SECONDS = 1200.0
_POLL_SECONDS = 0.5
_ENDED = ("success", "failed")


class AirflowApi:
    """Asks a running Airflow, signed in as its administrator."""

    def __init__(self, url: str, password: str) -> None:
        """Sign in.

        Args:
            password: The administrator's.
        """
        self._client = httpx.Client(base_url=url, timeout=30.0)
        signed_in = self._client.post("/auth/token", json={"username": ADMIN, "password": password})
        signed_in.raise_for_status()
        self._client.headers["Authorization"] = f"Bearer {signed_in.json()['access_token']}"

    def get(self, path: str, **parameters: Any) -> Any:
        """Ask for something, as JSON."""
        answer = self._client.get(f"/api/v2/{path}", params=parameters)
        answer.raise_for_status()
        return answer.json()

    def post(self, path: str, body: Mapping[str, Any]) -> httpx.Response:
        """Ask for a change, and leave it to the caller to look at the answer."""
        return self._client.post(f"/api/v2/{path}", json=dict(body))

    def mark_failed(self, dag_id: str, run_id: str, task_id: str) -> None:
        """Mark a task failed, as a person does it on its page."""
        path = f"dags/{dag_id}/dagRuns/{quote(run_id, safe='')}/taskInstances/{task_id}"
        answer = self._client.patch(f"/api/v2/{path}", json={"new_state": "failed"})
        answer.raise_for_status()

    def fetch(self, address: str) -> httpx.Response:
        """Fetch a page by its address, following redirects."""
        return self._client.get(address, follow_redirects=True)

    def trigger(self, dag_id: str, run_id: str, **conf: Any) -> None:
        """Trigger a run without a logical date."""
        body = {"dag_run_id": run_id, "logical_date": None, "conf": conf}
        self.post(f"dags/{dag_id}/dagRuns", body).raise_for_status()

    def get_run(self, dag_id: str, run_id: str) -> Any:
        """Describe a run."""
        return self.get(f"dags/{dag_id}/dagRuns/{quote(run_id, safe='')}")

    def list_runs(self, dag_id: str) -> list[Any]:
        """Describe the runs of a DAG, oldest first."""
        return list(self.get(f"dags/{dag_id}/dagRuns", order_by="run_after")["dag_runs"])

    def wait_for_run(self, dag_id: str, run_id: str, patience_seconds: float = RUN_SECONDS) -> Any:
        """Wait until a run has ended.

        Raises:
            TimeoutError: If it has not ended by then.
        """
        end = time.monotonic() + patience_seconds
        while time.monotonic() < end:
            # The API server may be short of breath while a test kills and restarts its neighbours.
            with contextlib.suppress(httpx.TransportError):
                run = self.get_run(dag_id, run_id)
                if run["state"] in _ENDED:
                    return run
            time.sleep(_POLL_SECONDS)
        states = {name: task["state"] for name, task in self.list_tasks(dag_id, run_id).items()}
        raise TimeoutError(f"{run_id} has not ended: {states}")

    def wait_for_task(self, dag_id: str, run_id: str, task_id: str, state: str = "running") -> Any:
        """Wait until a task is in a state; returns the task."""
        end = time.monotonic() + RUN_SECONDS
        while time.monotonic() < end:
            task = self.list_tasks(dag_id, run_id)[task_id]
            if task["state"] == state:
                return task
            time.sleep(0.1)
        raise TimeoutError(f"{task_id} of {run_id} is not {state}: {task['state']}")

    def list_tasks(self, dag_id: str, run_id: str) -> dict[str, Any]:
        """Describe the tasks of a run, by id."""
        path = f"dags/{dag_id}/dagRuns/{quote(run_id, safe='')}/taskInstances"
        return {task["task_id"]: task for task in self.get(path)["task_instances"]}

    def read_xcom(self, dag_id: str, run_id: str, task_id: str, key: str = "return_value") -> Any:
        """Read what a task left."""
        path = f"dags/{dag_id}/dagRuns/{quote(run_id, safe='')}/taskInstances/{task_id}"
        return self.get(f"{path}/xcomEntries/{key}", deserialize=True)["value"]

    def read_log(self, dag_id: str, run_id: str, task_id: str, attempt: int = 1) -> str:
        """Read a task's log as the web page shows it."""
        path = f"dags/{dag_id}/dagRuns/{quote(run_id, safe='')}/taskInstances/{task_id}"
        content = self.get(f"{path}/logs/{attempt}")["content"]
        return "\n".join(str(entry.get("event", entry)) for entry in content)


@contextlib.contextmanager
def run_airflow(
    deployment: Deployment, home: Path, variables: Mapping[str, str]
) -> Iterator[tuple[StandaloneAirflow, AirflowApi]]:
    """Run a whole Airflow for a deployment, and end it.

    Args:
        variables: Environment variables beside this process's own.

    Yields:
        Its processes, and a client of its API.
    """
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")
    }
    settings = StandaloneSettings(home, deployment.dags_folder, find_free_port())
    airflow = StandaloneAirflow(settings, {**inherited, **variables})
    try:
        airflow.prepare(deployment.config)
        airflow.start()
        airflow.wait_until_ready()
        api = AirflowApi(settings.url, airflow.keys[f"password_{ADMIN}"])
        _wait_for_dags(api, deployment)
        yield airflow, api
    finally:
        airflow.stop()


def _wait_for_dags(api: AirflowApi, deployment: Deployment) -> None:
    end = time.monotonic() + RUN_SECONDS
    while time.monotonic() < end:
        if len(api.get("dags")["dags"]) == len(list(deployment.dags_folder.glob("*.py"))):
            return
        time.sleep(_POLL_SECONDS)
    raise TimeoutError(f"no DAGs: {api.get('importErrors')}")


def find_free_port() -> int:
    """Find a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
