"""Links from a task to what its run wrote; the plugin ``run_files`` serves them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from airflow.sdk import BaseOperator, BaseOperatorLink
from airflow.sdk.configuration import conf

if TYPE_CHECKING:
    from airflow.sdk.types import TaskInstanceKey


def create_address(dag_id: str, *place: str) -> str:
    """Write the address of something that the plugin serves.

    Args:
        place: Steps of the path behind it.

    Returns:
        The address, with a host where Airflow was told its own.
    """
    base = str(conf.get("api", "base_url", fallback="")).rstrip("/")
    return "/".join([f"{base}/pipeline", *(quote(step, safe="") for step in (dag_id, *place))])


class ReportLink(BaseOperatorLink):
    """To the run's report."""

    name = "Run report"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """Give the address of the report of a task's run."""
        return create_address(ti_key.dag_id, "runs", ti_key.run_id, "report")


class RunFilesLink(BaseOperatorLink):
    """To the run's folder: the compiled pipeline, the summary, the logs."""

    name = "Run files"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """Give the address of the folder of a task's run."""
        return create_address(ti_key.dag_id, "files", "runs", ti_key.run_id)


class ArtifactsLink(BaseOperatorLink):
    """To the artifacts of the task's node."""

    name = "Artifacts"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """Give the address of the folder of a node's artifacts."""
        return create_address(ti_key.dag_id, "files", "pipeline_root", ti_key.task_id)


class NodeLogLink(BaseOperatorLink):
    """To the node's own log."""

    name = "Node log"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """Give the address of the log of a node in a task's run."""
        place = ("runs", ti_key.run_id, "logs", f"{ti_key.task_id}.log")
        return create_address(ti_key.dag_id, "files", *place)
