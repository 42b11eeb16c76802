"""A running Airflow on SQLite: what runs end in, and what their tasks show for it."""

from __future__ import annotations

import csv
import dataclasses
import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from dags.airflow_config import PROJECT_ROOT
from dags.pipeline_commands import choose_environment
from dags.standalone import StandaloneAirflow
from tests.dags.airflow_api import AirflowApi, run_airflow
from tests.dags.callback import DEADLINES_VARIABLE, FAILURES_VARIABLE
from tests.dags.deployment import SAMPLE, Deployment, create_deployment
from tests.dags.processes import wait_until_gone

pytestmark = pytest.mark.slow

DAG_ID = "chicago_taxi_training"
CHECK_DAG_ID = "chicago_taxi_pushed_model_check"
DATA = PROJECT_ROOT / "data"
LOCAL_RUN_SECONDS = 900
CALLBACK_SECONDS = 180.0
STOP_SECONDS = 60.0


@dataclasses.dataclass(frozen=True)
class Running:
    """A running Airflow and what it runs."""

    deployment: Deployment
    airflow: StandaloneAirflow
    api: AirflowApi
    directory: Path

    def run(self, run_id: str, **conf: Any) -> Any:
        """Trigger a run and wait for its end."""
        self.api.trigger(DAG_ID, run_id, **conf)
        return self.api.wait_for_run(DAG_ID, run_id)

    def list_states(self, run_id: str) -> dict[str, str]:
        """Give the state of each task of a run."""
        tasks = self.api.list_tasks(DAG_ID, run_id)
        return {task_id: task["state"] for task_id, task in tasks.items()}

    def read_summary(self, run_id: str) -> Any:
        """Read the summary that a run left."""
        return json.loads(self.deployment.layout.run(run_id).summary_path.read_text())


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run a whole Airflow."""
    directory = tmp_path_factory.mktemp("sqlite")
    (directory / "deployment").mkdir()
    changes = {
        "on_failure": "tests.dags.callback.note_failure",
        "on_deadline": "tests.dags.callback.note_missed_deadline",
        "deadline_minutes": 0.05,
        "max_active_runs": 8,
    }
    deployment = create_deployment(directory / "deployment", changes)
    variables = {
        FAILURES_VARIABLE: str(directory / "failures"),
        DEADLINES_VARIABLE: str(directory / "deadlines"),
    }
    with run_airflow(deployment, directory / "home", variables) as (airflow, api):
        yield Running(deployment, airflow, api, directory)


@pytest.fixture(scope="module")
def pushed(running: Running) -> str:
    """Give a run that pushed the first model."""
    running.run("pushed", data=SAMPLE)
    return "pushed"


@pytest.fixture(scope="module")
def local_run(
    pushed: str, tmp_path_factory: pytest.TempPathFactory, running: Running
) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """Start a run of the same on the command line, beside what goes on in Airflow.

    Yields:
        Its process, and the file that it writes its summary to.
    """
    directory = tmp_path_factory.mktemp("local")
    path = directory / "summary.json"
    command = [str(running.deployment.config.python), "-m", "pipelines", "run", "--config", "test"]
    where = ["--data", str(DATA / SAMPLE), "--output", str(directory / "output")]
    with subprocess.Popen(
        [*command, *where, "--json", str(path)],
        cwd=PROJECT_ROOT,
        env=choose_environment(os.environ),
        stdout=subprocess.DEVNULL,
    ) as process:
        yield process, path
        process.terminate()


@pytest.fixture(scope="module")
def ended(running: Running, pushed: str, local_run: object) -> dict[str, Any]:
    """Give runs that push nothing, by id; side by side they take as long as the longest of them."""
    _write_refused_data(running.deployment.data_root / "refused")
    confs: dict[str, dict[str, Any]] = {
        "refused-model": {"data": SAMPLE, "max_epochs": 1, "learning_rate": 1e-6},
        "refused-data": {"data": "refused"},
        "missing-span": {"span": "2031-01-01"},
        "odd~id": {"data": SAMPLE},
    }
    for run_id, conf in confs.items():
        running.api.trigger(DAG_ID, run_id, **conf)
    return {run_id: running.api.wait_for_run(DAG_ID, run_id) for run_id in confs}


def test_dags_are_there_without_import_errors(running: Running) -> None:
    """The running Airflow has both DAGs, switched on, and nothing to complain of."""
    dags = {dag["dag_id"]: dag["is_paused"] for dag in running.api.get("dags")["dags"]}

    assert dags == {DAG_ID: False, CHECK_DAG_ID: False}
    assert running.api.get("importErrors")["total_entries"] == 0


def test_triggered_run_pushes_a_model(running: Running, pushed: str) -> None:
    """A run on the sample goes green from end to end, and its note says what it pushed."""
    run = running.api.get_run(DAG_ID, pushed)

    assert run["state"] == "success"
    assert set(running.list_states(pushed).values()) == {"success"}
    version = running.read_summary(pushed)["pushed_version"]
    assert f"PUSHED: version {version}" in run["note"]
    assert (running.deployment.layout.serving_root / str(version)).is_dir()


def test_task_shows_its_result_log_and_links(running: Running, pushed: str) -> None:
    """XCom holds the node's result, the log the node's own output, and the links lead somewhere."""
    api = running.api
    result = api.read_xcom(DAG_ID, pushed, "Trainer")
    log = api.read_log(DAG_ID, pushed, "Trainer")
    path = f"dags/{DAG_ID}/dagRuns/{pushed}/taskInstances/Trainer/links"
    links = api.get(path)["extra_links"]

    assert result["state"] == "done"
    assert "Execution" in log
    assert "succeeded" in log
    assert set(links) == {"Run report", "Artifacts", "Node log", "Run files"}
    for address in links.values():
        assert api.fetch(address).status_code == 200, address


def test_reports_lead_to_each_other(running: Running, pushed: str) -> None:
    """The report's links, relative as on disk, lead to pages that are there."""
    report = running.api.fetch(f"/pipeline/{DAG_ID}/runs/{pushed}/report")
    links = set(re.findall(r'href="([^"#:,]+)"', report.text))

    assert report.headers["content-type"].startswith("text/html")
    assert "../index.html" in links
    for link in links:
        assert running.api.fetch(str(report.url.join(link))).status_code == 200, link


def test_run_files_are_for_those_who_are_signed_in(running: Running, pushed: str) -> None:
    """Without signing in there is nothing to see, and with it nothing but what runs wrote."""
    base = f"{running.airflow.settings.url}/pipeline/{DAG_ID}"

    assert httpx.get(f"{base}/runs/{pushed}/report").status_code == 401
    assert httpx.get(f"{base}/files/runs").status_code == 401
    assert httpx.get(f"{base}/reports/index.html").status_code == 401
    for place in (
        *("metadata.sqlite", "runs/..", "runs/%2e%2e/%2e%2e/home/keys.json", "/etc/passwd"),
        *("runs/%00", f"runs/{'x' * 300}"),
    ):
        assert running.api.fetch(f"{base}/files/{place}").status_code == 404, place
        assert running.api.fetch(f"{base}/reports/{place}").status_code == 404, place


def test_pushed_model_is_announced_and_replayed(running: Running, pushed: str) -> None:
    """The push becomes an asset event with its version, which sets off the check."""
    (event,) = running.api.get("assets/events")["asset_events"]
    version = running.read_summary(pushed)["pushed_version"]

    assert event["extra"]["version"] == version
    assert event["extra"]["run_id"] == pushed
    assert Path(event["extra"]["path"]).is_dir()
    (check,) = running.api.list_runs(CHECK_DAG_ID)
    assert running.api.wait_for_run(CHECK_DAG_ID, check["dag_run_id"])["state"] == "success"
    log = running.api.read_log(CHECK_DAG_ID, check["dag_run_id"], "replay_pushed_model")
    assert str(version) in log


def test_refused_data_fails_without_a_retry(running: Running, ended: dict[str, Any]) -> None:
    """Refused data ends the run at once as failed, with the reason on task and run."""
    run = ended["refused-data"]

    tasks = running.api.list_tasks(DAG_ID, "refused-data")
    assert run["state"] == "failed"
    assert "DATA REFUSED" in run["note"]
    assert tasks["DataGate"]["state"] == "failed"
    assert tasks["DataGate"]["try_number"] == 1
    assert "fare" in tasks["DataGate"]["note"]
    assert tasks["Trainer"]["state"] == tasks["Pusher"]["state"] == "upstream_failed"
    assert "fare" in running.api.read_xcom(DAG_ID, "refused-data", "DataGate", "reason")
    assert "fare" in running.api.read_log(DAG_ID, "refused-data", "DataGate")


def test_refused_model_skips_the_push(running: Running, ended: dict[str, Any]) -> None:
    """A refused model skips what follows, with the reason; the run itself did what it is for."""
    run = ended["refused-model"]

    states = running.list_states("refused-model")
    tasks = running.api.list_tasks(DAG_ID, "refused-model")
    assert run["state"] == "success"
    assert "MODEL REFUSED" in run["note"]
    assert states["ModelValidator"] == states["Pusher"] == "skipped"
    del states["ModelValidator"], states["Pusher"]
    assert set(states.values()) == {"success"}
    assert "model refused" in tasks["ModelValidator"]["note"]
    reason = running.api.read_xcom(DAG_ID, "refused-model", "ModelValidator", "reason")
    assert "auc_floor" in reason


def test_missing_span_fails_with_its_path_and_date(running: Running, ended: dict[str, Any]) -> None:
    """A span that is not there is told at once, on task and run, and no other is taken for it."""
    run = ended["missing-span"]
    task = running.api.list_tasks(DAG_ID, "missing-span")["compile_run"]

    assert run["state"] == "failed"
    assert task["try_number"] == 1
    assert str(DATA / "chicago_taxi/spans/2031-01-01") in task["note"]
    assert run["note"] == f"NOT BEGUN: {task['note']}"


def test_run_id_that_could_leave_the_output_is_refused(
    running: Running, ended: dict[str, Any]
) -> None:
    """A run id that Airflow allows and paths do not fails in the first task."""
    assert ended["odd~id"]["state"] == "failed"
    assert "odd~id" in running.api.list_tasks(DAG_ID, "odd~id")["compile_run"]["note"]


@pytest.mark.parametrize(
    "conf",
    [
        {"span": "2015-04-01; reboot"},
        {"data": "$(reboot)"},
        {"data": "/etc"},
        {"max_epochs": "3"},
        {"learning_rate": -1},
        {"refresh": "yes"},
    ],
)
def test_bad_parameters_make_no_run(running: Running, conf: dict[str, Any]) -> None:
    """The API refuses what is out of a parameter's limits."""
    answer = running.api.post(f"dags/{DAG_ID}/dagRuns", {"logical_date": None, "conf": conf})

    assert answer.status_code == 400
    assert next(iter(conf)) in answer.text


def test_task_marked_failed_stops_its_node(running: Running, pushed: str) -> None:
    """The node of a task that a person ends is ended as well, and has failed in the store."""
    # It would learn for minutes.
    conf = {"data": SAMPLE, "max_epochs": 1000, "learning_rate": 1e-6}
    running.api.trigger(DAG_ID, "stopped", **conf)
    node = running.deployment.wait_for_node("stopped", "Trainer")

    running.api.mark_failed(DAG_ID, "stopped", "Trainer")

    assert wait_until_gone([node], STOP_SECONDS) == []
    assert running.api.wait_for_run(DAG_ID, "stopped")["state"] == "failed"
    assert running.list_states("stopped")["Evaluator"] == "upstream_failed"
    (execution,) = running.deployment.read_history("stopped")["Trainer"]
    assert execution == {"state": "FAILED", "live": {}}


def test_cleared_task_runs_again(running: Running, pushed: str) -> None:
    """A task that is cleared with what follows it runs again, and the run ends as before."""
    before = _list_metrics(running.read_summary(pushed))
    answer = running.api.post(
        f"dags/{DAG_ID}/clearTaskInstances",
        {
            "dag_run_id": pushed,
            "task_ids": ["Trainer"],
            "include_downstream": True,
            "only_failed": False,
            "reset_dag_runs": True,
            "dry_run": False,
        },
    )
    answer.raise_for_status()

    run = running.api.wait_for_run(DAG_ID, pushed)

    tasks = running.api.list_tasks(DAG_ID, pushed)
    assert run["state"] == "success"
    assert tasks["Trainer"]["try_number"] == 2
    assert tasks["Transform"]["try_number"] == 1
    assert _list_metrics(running.read_summary(pushed)) == before


def test_failed_runs_are_called_back(running: Running, ended: dict[str, Any]) -> None:
    """The configured callback hears of a failed run."""
    assert _wait_for_line(running.directory / "failures", "missing-span")


def test_late_runs_are_called_back(running: Running, pushed: str) -> None:
    """The configured callback hears of a run that missed its deadline."""
    assert _wait_for_line(running.directory / "deadlines", pushed)


def test_local_run_comes_to_the_same(
    running: Running, pushed: str, local_run: tuple[subprocess.Popen[bytes], Path]
) -> None:
    """The same data and configuration on the command line give the same splits and metrics."""
    process, path = local_run

    assert process.wait(LOCAL_RUN_SECONDS) == 0
    local, scheduled = json.loads(path.read_text()), running.read_summary(pushed)
    assert local["verdict"] == scheduled["verdict"] == "pushed"
    assert _list_rows(local) == _list_rows(scheduled)
    assert _list_metrics(local) == pytest.approx(_list_metrics(scheduled), abs=1e-6)


def _wait_for_line(path: Path, line: str) -> bool:
    end = time.monotonic() + CALLBACK_SECONDS
    while time.monotonic() < end:
        if path.is_file() and line in path.read_text().splitlines():
            return True
        time.sleep(0.5)
    return False


def _list_rows(summary: Any) -> dict[str, Any]:
    return {node["id"]: node["rows_out"] for node in summary["nodes"]}


def _list_metrics(summary: Any) -> dict[str, float]:
    return {metric["name"]: metric["value"] for metric in summary["metrics"]}


def _write_refused_data(directory: Path) -> None:
    """Write the sample with a fare that no trip has."""
    with (DATA / SAMPLE / "data.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    fare = header.index("fare")
    for row in rows[10:20]:
        row[fare] = "-5"
    directory.mkdir()
    with (directory / "data.csv").open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
