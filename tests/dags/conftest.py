"""Fixtures of the tests that need Airflow; elsewhere these tests are left out."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator

import pytest

from pipelines.records.description import PipelineDescription
from tests.dags.deployment import Deployment, create_deployment

if importlib.util.find_spec("airflow") is None:
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(scope="session", autouse=True)
def airflow_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep Airflow, where a test imports it, away from the user's own."""
    kept = os.environ.get("AIRFLOW_HOME")
    os.environ["AIRFLOW_HOME"] = str(tmp_path_factory.mktemp("airflow-home"))
    yield
    if kept is None:
        del os.environ["AIRFLOW_HOME"]
    else:
        os.environ["AIRFLOW_HOME"] = kept


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """Give the shipped DAG files beside a configuration of their own, compiled."""
    return create_deployment(tmp_path_factory.mktemp("deployment"))


@pytest.fixture(scope="session")
def pipeline(deployment: Deployment) -> PipelineDescription:
    """Give the compiled pipeline's shape."""
    return deployment.pipeline
