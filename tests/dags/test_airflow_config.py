from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from dags.airflow_config import PROJECT_ROOT, AirflowConfigError, load_airflow_config
from pipelines.records.nodes import NodeId

SHIPPED = PROJECT_ROOT / "dags" / "airflow.yaml"
MINIMAL = "{description: compiled.json, data_roots: [data], start_date: 2013-01-01"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give the place of a configuration."""
    return tmp_path / "airflow.yaml"


def test_shipped_configuration_is_valid() -> None:
    """What is shipped loads, with paths below the project."""
    config = load_airflow_config(SHIPPED)

    assert config.python == PROJECT_ROOT / ".venv/bin/python"
    assert config.data_roots == (PROJECT_ROOT / "data",)


def test_shipped_configuration_names_nodes_that_there_are() -> None:
    """Pools and timeouts are for nodes of the pipeline."""
    config = load_airflow_config(SHIPPED)

    named = {node for pool in config.pools for node in pool.nodes} | set(
        config.node_timeout_minutes
    )
    assert named <= set(NodeId)


def test_nodes_have_their_own_pools_and_timeouts(path: Path) -> None:
    """A node that is named gets its own, all others the default."""
    path.write_text(
        f"{MINIMAL}, node_timeout_minutes: {{Trainer: 5}}, timeout_minutes: 1, "
        "pools: [{name: heavy, slots: 1, nodes: [Trainer]}]}"
    )

    config = load_airflow_config(path)

    assert (config.find_pool("Trainer"), config.find_pool("Pusher")) == ("heavy", "default_pool")
    assert config.find_timeout("Trainer") == datetime.timedelta(minutes=5)
    assert config.find_timeout("Pusher") == datetime.timedelta(minutes=1)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (f"{MINIMAL}, retrys: 3}}", "retrys"),
        (f"{MINIMAL}, worker: lukewarm}}", "lukewarm"),
        (f"{MINIMAL}, catchup: 'yes'}}", "catchup"),
        (f"{MINIMAL}, max_active_runs: 0}}", "max_active_runs"),
        (f"{MINIMAL}, on_failure: 'os.system(1)'}}", "on_failure"),
        (f"{MINIMAL}, timeout_minutes: -1}}", "timeout_minutes"),
        ("{description: compiled.json}", "data_roots"),
        ("- a list", "the file"),
        ("a: [", "not YAML"),
        ("!!python/object/apply:os.getcwd []", "not YAML"),
    ],
)
def test_bad_configuration_is_told_in_one_line(path: Path, text: str, named: str) -> None:
    """The error names the file and the key, on one line."""
    path.write_text(text)

    with pytest.raises(AirflowConfigError) as caught:
        load_airflow_config(path)

    assert str(path) in str(caught.value)
    assert named in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_configuration_is_told(path: Path) -> None:
    """A file that is not there is named."""
    with pytest.raises(AirflowConfigError, match="can't be read"):
        load_airflow_config(path)
