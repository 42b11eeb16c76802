"""What Airflow documents for no plugin: how its own pages find out who may see a DAG's runs.

Checked with Airflow 3.3.2. Where Airflow has moved, look for what its API's routes of DAG runs
depend on, and see to it that the tests of the plugin pass on a running Airflow.
"""

from __future__ import annotations

from typing import Any

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import requires_access_dag
from fastapi import Depends

CHECKED_VERSION = "3.3.2"


def require_access_to_runs() -> Any:
    """Make the FastAPI dependency that lets in those who may see the runs of ``{dag_id}``."""
    return Depends(requires_access_dag("GET", DagAccessEntity.RUN))
