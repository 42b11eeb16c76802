from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from dags.airflow_config import AirflowConfig
from dags.pipeline_commands import PipelineCommands, choose_environment
from dags.run_parameters import RunParameters


@pytest.fixture
def commands() -> PipelineCommands:
    """Give the commands of a small configuration."""
    return PipelineCommands(
        AirflowConfig(
            environment="test",
            overrides=("output_root=/out put",),
            python=Path("/tfx/python"),
            description=Path("/compiled/description.json"),
            data_roots=(Path("/data"),),
            start_date=datetime.date(2013, 1, 1),
            worker="cold",
        )
    )


def test_run_is_compiled_with_its_own_parameters(commands: PipelineCommands) -> None:
    """Each parameter that is given becomes an option, and the shape is checked."""
    parameters = RunParameters(max_epochs=3, learning_rate=1e-5, refresh=True)

    command = commands.compile_run("run-1", parameters, datetime.date(2015, 4, 1), None)

    assert command == [
        *("/tfx/python", "-m", "pipelines", "compile", "--config", "test"),
        *("--set", "output_root=/out put"),
        *("--set", "trainer.max_epochs=3", "--set", "trainer.learning_rate=0.00001"),
        *("--span", "2015-04-01", "--refresh"),
        *("--run-id", "run-1", "--like", "/compiled/description.json"),
    ]


def test_parameters_left_out_are_left_to_the_configuration(commands: PipelineCommands) -> None:
    """A run that asks for nothing but a folder names nothing but the folder."""
    command = commands.compile_run("run-1", RunParameters(), None, Path("/data/x"))

    assert command[8:10] == ["--data", "/data/x"]
    assert not {"--span", "--refresh"} & set(command)
    assert not [word for word in command if word.startswith("trainer.")]


def test_node_is_named_by_file_id_and_run(commands: PipelineCommands) -> None:
    """A node needs the compiled run, its id, the run's id, and how to be run."""
    command = commands.run_node(Path("/ir.json"), "Trainer", "run 1; reboot", Path("/out.json"))

    assert command == [
        *("/tfx/python", "-m", "pipelines", "node", "--ir", "/ir.json", "--node", "Trainer"),
        *("--run-id", "run 1; reboot", "--json", "/out.json", "--worker", "cold"),
    ]


def test_replay_without_a_version_takes_the_newest(commands: PipelineCommands) -> None:
    """Only a run set off by a push names a version."""
    assert "--version" not in commands.replay_champion(None, Path("/out.json"))
    assert "7" in commands.replay_champion(7, Path("/out.json"))


def test_child_inherits_neither_airflow_nor_python_settings() -> None:
    """Airflow's database and keys, and another Python's paths, stay with Airflow."""
    inherited = {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "secret",
        "AIRFLOW_CONN_AIRFLOW_API": "secret",
        "_AIRFLOW_PROCESS_CONTEXT": "server",
        "PYTHONPATH": "/elsewhere",
        "VIRTUAL_ENV": "/airflow",
        "PATH": "/bin",
        "HOME": "/home",
    }

    assert choose_environment(inherited) == {
        "PATH": "/bin",
        "HOME": "/home",
        "PYTHONUNBUFFERED": "1",
    }
