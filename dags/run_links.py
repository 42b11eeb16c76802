"""Links from a task to what its run wrote; the plugin ``run_files`` serves them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote

from airflow.sdk import BaseOperator, BaseOperatorLink, conf

if TYPE_CHECKING:
    from airflow.sdk.types import TaskInstanceKey


def create_address(dag_id: str, *place: str) -> str:
    """Build the address of a path that the plugin serves; with a host if Airflow knows its own."""
    base = str(conf.get("api", "base_url", fallback="")).rstrip("/")
    return "/".join([f"{base}/pipeline", *(quote(step, safe="") for step in (dag_id, *place))])


class _PlaceLink(BaseOperatorLink):
    """To a place of a task's run, each step a pattern of the run's and the task's id."""

    place: ClassVar[tuple[str, ...]]

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """Create the address for a task's key."""
        ids = {"run_id": ti_key.run_id, "task_id": ti_key.task_id}
        return create_address(ti_key.dag_id, *(step.format_map(ids) for step in self.place))


class ReportLink(_PlaceLink):
    """To the run's report."""

    name = "Run report"
    place = ("runs", "{run_id}", "report")


class RunFilesLink(_PlaceLink):
    """To the run's folder: the compiled pipeline, the summary, the logs."""

    name = "Run files"
    place = ("files", "runs", "{run_id}")


class ArtifactsLink(_PlaceLink):
    """To the artifacts of the task's node."""

    name = "Artifacts"
    place = ("files", "pipeline_root", "{task_id}")


class NodeLogLink(_PlaceLink):
    """To the node's own log."""

    name = "Node log"
    place = ("files", "runs", "{run_id}", "logs", "{task_id}.log")
