"""A running Airflow on PostgreSQL: runs side by side, and what is killed outright."""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import signal
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from dags.standalone import StandaloneAirflow
from tests.dags.airflow_api import AirflowApi, run_airflow
from tests.dags.deployment import Deployment, create_deployment
from tests.postgresql_server import USER, run_postgresql

pytestmark = pytest.mark.slow

DAG_ID = "chicago_taxi_training"
SPANS = ("2014-01-01", "2014-04-01")


@dataclasses.dataclass(frozen=True)
class Running:
    """A running Airflow whose database, and whose pipeline's metadata store, is PostgreSQL's."""

    deployment: Deployment
    airflow: StandaloneAirflow
    api: AirflowApi
    variables: Mapping[str, str]

    def read_summary(self, run_id: str) -> Any:
        """Read the summary that a run left."""
        return json.loads(self.deployment.layout.run(run_id).summary_path.read_text())

    def read_history(self, run_id: str) -> Any:
        """Read from the metadata store what each node's executions in a run came to."""
        return self.deployment.read_history(run_id, self.variables)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run a PostgreSQL server, and a whole Airflow on it."""
    directory = tmp_path_factory.mktemp("postgresql")
    (directory / "deployment").mkdir()
    with run_postgresql() as server:
        server.create_database("airflow")
        store = server.create_database("metadata")
        deployment = create_deployment(
            directory / "deployment", {"overrides": [f"metadata_store={store}"]}
        )
        login = f"{USER}:{server.password}@127.0.0.1:{server.port}"
        variables = {
            **server.login,
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2://{login}/airflow",
        }
        with run_airflow(deployment, directory / "home", variables) as (airflow, api):
            yield Running(deployment, airflow, api, variables)


@pytest.fixture(scope="module")
def backfilled(running: Running) -> dict[str, str]:
    """Backfill two dates, two runs at once, and give the id of the run of each span."""
    running.airflow.run_airflow(
        *("backfill", "create", "--dag-id", DAG_ID),
        *("--from-date", SPANS[0], "--to-date", SPANS[-1], "--max-active-runs", "2"),
    )
    runs = {run["logical_date"][:10]: run["dag_run_id"] for run in running.api.list_runs(DAG_ID)}
    for run_id in runs.values():
        running.api.wait_for_run(DAG_ID, run_id)
    return runs


def test_backfill_of_two_dates_runs_on_two_spans(
    running: Running, backfilled: dict[str, str]
) -> None:
    """Each date's run reads the span of its date, and comes to a verdict on the model."""
    assert sorted(backfilled) == list(SPANS)
    for span, run_id in backfilled.items():
        assert running.api.get_run(DAG_ID, run_id)["state"] == "success"
        assert running.api.read_xcom(DAG_ID, run_id, "compile_run")["span"] == span
        assert running.read_summary(run_id)["verdict"] in ("pushed", "model_refused")


def test_runs_side_by_side_do_not_harm_the_store(
    running: Running, backfilled: dict[str, str]
) -> None:
    """Two runs at once on one metadata store: one execution a node, one live artifact an output."""
    first, second = (running.api.get_run(DAG_ID, run_id) for run_id in backfilled.values())
    assert max(first["start_date"], second["start_date"]) < min(
        first["end_date"], second["end_date"]
    )
    for run_id in backfilled.values():
        history = running.read_history(run_id)
        assert {len(executions) for executions in history.values()} <= {0, 1}
        _assert_one_live_artifact_an_output(history)


def test_heavy_nodes_of_two_runs_take_turns(running: Running, backfilled: dict[str, str]) -> None:
    """Of Transform and Trainer, over both runs, never two were at work at once."""
    spells = sorted(
        (task["start_date"], task["end_date"])
        for run_id in backfilled.values()
        for task_id, task in running.api.list_tasks(DAG_ID, run_id).items()
        if task_id in ("Transform", "Trainer")
    )

    assert len(spells) == 4
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(spells))


def test_killed_run_comes_to_the_same(running: Running, backfilled: dict[str, str]) -> None:
    """Kill -9 of a node, a task and the scheduler: the retries end as an undisturbed run does."""
    api = running.api
    # Both after the backfill, so that they train on the same window of accepted spans.
    api.trigger(DAG_ID, "calm", span=SPANS[-1], refresh=True)
    api.wait_for_run(DAG_ID, "calm")
    api.trigger(DAG_ID, "killed", span=SPANS[-1], refresh=True)

    os.kill(running.deployment.wait_for_node("killed", "StatisticsGen"), signal.SIGKILL)
    running.deployment.wait_for_node("killed", "Transform")
    os.kill(api.wait_for_task(DAG_ID, "killed", "Transform")["pid"], signal.SIGKILL)
    running.deployment.wait_for_node("killed", "Trainer")
    os.kill(running.airflow.processes["scheduler"].pid, signal.SIGKILL)
    running.airflow.start_component("scheduler")
    run = api.wait_for_run(DAG_ID, "killed")

    tasks = api.list_tasks(DAG_ID, "killed")
    history = running.read_history("killed")
    assert run["state"] == "success"
    assert tasks["StatisticsGen"]["try_number"] == 2
    assert tasks["Transform"]["try_number"] == 2
    for node_id in ("StatisticsGen", "Transform"):
        # The killed attempt has an execution if it got as far as the store.
        *dead, last = (each["state"] for each in history[node_id])
        assert last == "COMPLETE"
        assert set(dead) <= {"FAILED"}
    _assert_one_live_artifact_an_output(history)
    calm, killed = (running.read_summary(run_id) for run_id in ("calm", "killed"))
    assert _list_metrics(killed) == pytest.approx(_list_metrics(calm), abs=1e-6)
    assert _list_rows(killed) == _list_rows(calm)


def _assert_one_live_artifact_an_output(history: Any) -> None:
    for node_id, executions in history.items():
        for each in executions:
            ended_well = each["state"] in ("COMPLETE", "CACHED")
            counts = set(each["live"].values())
            assert counts <= ({1} if ended_well else set()), (node_id, executions)


def _list_metrics(summary: Any) -> dict[str, float]:
    return {metric["name"]: metric["value"] for metric in summary["metrics"]}


def _list_rows(summary: Any) -> dict[str, Any]:
    return {node["id"]: node["rows_out"] for node in summary["nodes"]}
