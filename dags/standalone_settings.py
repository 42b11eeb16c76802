"""Settings of an Airflow that runs entirely on one machine, and listens only there."""

from __future__ import annotations

import dataclasses
import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dags.airflow_config import PROJECT_ROOT

HOST = "127.0.0.1"
ADMIN = "admin"
API_USER = "pipeline"
"""User that notes are written as, with the rights of a person who only uses DAGs."""
API_CONNECTION = "airflow_api"


@dataclasses.dataclass(frozen=True)
class StandaloneSettings:
    """Where a standalone Airflow lives (``home`` is ``AIRFLOW_HOME``), and its pages' port."""

    home: Path = PROJECT_ROOT / "artifacts" / "airflow"
    dags_folder: Path = PROJECT_ROOT / "dags"
    port: int = 8080

    @property
    def url(self) -> str:
        """Address of the web pages."""
        return f"http://{HOST}:{self.port}"

    @property
    def keys_path(self) -> Path:
        """Keys and passwords, readable by the user alone."""
        return self.home / "keys.json"

    @property
    def passwords_path(self) -> Path:
        """Passwords in the form that Airflow's simple auth manager reads."""
        return self.home / "passwords.json"


def create_environment(
    settings: StandaloneSettings, keys: Mapping[str, str], inherited: Mapping[str, str]
) -> dict[str, str]:
    """Choose the variables of Airflow's processes; what was set before is respected."""
    api = {
        "conn_type": "http",
        "host": settings.url,
        "login": API_USER,
        "password": keys[f"password_{API_USER}"],
    }
    values = {
        "DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{settings.home / 'airflow.db'}",
        "CORE__DAGS_FOLDER": str(settings.dags_folder),
        "CORE__PLUGINS_FOLDER": str(PROJECT_ROOT / "dags" / "plugins"),
        "CORE__LOAD_EXAMPLES": "False",
        "CORE__EXECUTOR": "LocalExecutor",
        "CORE__PARALLELISM": "4",
        "CORE__EXECUTION_API_SERVER_URL": f"{settings.url}/execution/",
        "CORE__SIMPLE_AUTH_MANAGER_USERS": f"{ADMIN}:admin,{API_USER}:user",
        "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(settings.passwords_path),
        "API__HOST": HOST,
        "API__PORT": str(settings.port),
        "API__BASE_URL": settings.url,
        "API__WORKERS": "1",
        "API__SECRET_KEY": keys["session"],
        "API_AUTH__JWT_SECRET": keys["jwt"],
        "DAG_PROCESSOR__REFRESH_INTERVAL": "30",
        "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "30",
        # The scheduler's pause between two rounds: most of the time that a task waits for its turn.
        "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.5",
        "USAGE_DATA_COLLECTION__ENABLED": "False",
    }
    return {
        **{f"AIRFLOW__{key}": value for key, value in values.items()},
        f"AIRFLOW_CONN_{API_CONNECTION.upper()}": json.dumps(api),
        **inherited,
        "AIRFLOW_HOME": str(settings.home),
        "PYTHONPATH": str(PROJECT_ROOT),
    }


def load_keys(settings: StandaloneSettings) -> dict[str, str]:
    """Load the keys and passwords by name; the first time they are generated."""
    settings.home.mkdir(parents=True, exist_ok=True)
    if not settings.keys_path.is_file():
        names = ("jwt", "session", f"password_{ADMIN}", f"password_{API_USER}")
        _write_private(settings.keys_path, {name: secrets.token_urlsafe(24) for name in names})
    keys: dict[str, str] = json.loads(settings.keys_path.read_text(encoding="utf-8"))
    passwords = {user: keys[f"password_{user}"] for user in (ADMIN, API_USER)}
    _write_private(settings.passwords_path, passwords)
    return keys


def _write_private(path: Path, values: Mapping[str, Any]) -> None:
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(json.dumps(values) + "\n", encoding="utf-8")
