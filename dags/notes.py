"""Write notes, where people look first, on tasks and runs.

A task can't write one by itself, so this asks Airflow's public API, with the address, user and
password of an Airflow connection. A note is a courtesy: where it can't be written, the log says so,
and the task goes on.
"""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import quote

import httpx
from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowException, AirflowRuntimeError

from dags.task_outcome import NOTE_LENGTH

_TIMEOUT_SECONDS = 10.0

_logger = logging.getLogger(__name__)


def note_task(connection_id: str | None, task_instance: Any, text: str) -> None:
    """Set a task's note, cut to Airflow's maximum length; without a connection, do nothing."""
    run = _describe_run(task_instance)
    _note(connection_id, f"{run}/taskInstances/{quote(task_instance.task_id, safe='')}", text)


def note_run(connection_id: str | None, task_instance: Any, text: str) -> None:
    """Set the note of a task's run, as ``note_task``."""
    _note(connection_id, _describe_run(task_instance), text)


def _describe_run(task_instance: Any) -> str:
    dag_id, run_id = (quote(each, safe="") for each in (task_instance.dag_id, task_instance.run_id))
    return f"/api/v2/dags/{dag_id}/dagRuns/{run_id}"


def _note(connection_id: str | None, path: str, text: str) -> None:
    if connection_id is None:
        return
    try:
        connection = BaseHook.get_connection(connection_id)
        with httpx.Client(base_url=connection.host, timeout=_TIMEOUT_SECONDS) as client:
            _write(client, connection.login, connection.password, path, text)
    except (AirflowException, AirflowRuntimeError, httpx.HTTPError) as error:
        _logger.warning("no note was written through connection %r: %s", connection_id, error)


def _write(client: httpx.Client, user: str, password: str, path: str, text: str) -> None:
    signed_in = client.post("/auth/token", json={"username": user, "password": password})
    signed_in.raise_for_status()
    headers = {"Authorization": f"Bearer {signed_in.json()['access_token']}"}
    note = {"note": text[:NOTE_LENGTH]}
    answer = client.patch(path, params={"update_mask": "note"}, json=note, headers=headers)
    answer.raise_for_status()
