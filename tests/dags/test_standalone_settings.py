from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from dags.airflow_config import PROJECT_ROOT
from dags.standalone_settings import StandaloneSettings, create_environment, load_keys


@pytest.fixture
def settings(tmp_path: Path) -> StandaloneSettings:
    """Give settings with a home of their own."""
    return StandaloneSettings(tmp_path / "home", tmp_path / "dags", 8123)


def test_everything_listens_on_this_machine_alone(settings: StandaloneSettings) -> None:
    """The API server binds the loopback address, and tasks find it there."""
    environment = create_environment(settings, load_keys(settings), {})

    assert environment["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert environment["AIRFLOW__API__BASE_URL"] == "http://127.0.0.1:8123"
    assert environment["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"].startswith(settings.url)
    assert environment["PYTHONPATH"] == str(PROJECT_ROOT)


def test_settings_of_the_user_are_respected(settings: StandaloneSettings) -> None:
    """A database or an executor named in the environment is used."""
    named = {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgresql+psycopg2://user@host/airflow",
        "AIRFLOW__CORE__PARALLELISM": "16",
        "PATH": "/bin",
    }

    environment = create_environment(settings, load_keys(settings), named)

    assert named.items() <= environment.items()


def test_keys_are_made_once_and_kept_to_the_user(settings: StandaloneSettings) -> None:
    """Keys and passwords are the same next time, differ from each other, and nobody else reads."""
    keys = load_keys(settings)

    assert load_keys(settings) == keys
    assert len(set(keys.values())) == len(keys)
    for path in (settings.keys_path, settings.passwords_path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_passwords_are_as_the_auth_manager_reads_them(settings: StandaloneSettings) -> None:
    """Each user named in the settings has a password in the file."""
    keys = load_keys(settings)
    environment = create_environment(settings, keys, {})

    users = environment["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"].split(",")
    assert json.loads(settings.passwords_path.read_text()) == {
        user.partition(":")[0]: keys[f"password_{user.partition(':')[0]}"] for user in users
    }


def test_notes_are_written_as_a_user_of_few_rights(settings: StandaloneSettings) -> None:
    """The connection to Airflow's API is not the administrator's."""
    environment = create_environment(settings, load_keys(settings), {})

    connection = json.loads(environment["AIRFLOW_CONN_AIRFLOW_API"])
    roles = dict(
        user.split(":")
        for user in environment["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"].split(",")
    )
    assert roles[connection["login"]] == "user"
