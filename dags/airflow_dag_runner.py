"""Make Airflow DAGs from a compiled pipeline, without importing TFX."""

from __future__ import annotations

import datetime
import importlib
from collections.abc import Callable
from typing import Any

from airflow.sdk import DAG, CronDataIntervalTimetable, Param, TaskGroup, TriggerRule
from airflow.sdk.definitions.callback import AsyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference

from dags.airflow_config import AirflowConfig
from dags.dag_documentation import describe_check, describe_node, describe_pipeline
from dags.pipeline_operators import (
    CompileRunOperator,
    FinishRunOperator,
    NodeOperator,
    PipelineOperator,
    PusherOperator,
    ReplayOperator,
)
from dags.pushed_model import create_alias, create_asset
from dags.run_parameters import describe_parameters
from pipelines.records.description import NodeDescription, PipelineDescription
from pipelines.records.nodes import NodeId, Stage

COMPILE_TASK = "compile_run"
FINISH_TASK = "finish_run"
_OWNER = "pipeline"


class AirflowDagRunner:
    """Makes DAGs that run a compiled pipeline, one task per node."""

    def __init__(self, airflow_config: AirflowConfig) -> None:
        self._config = airflow_config

    def run(self, compiled_pipeline: PipelineDescription) -> DAG:
        """Make the DAG that trains: the pipeline's graph between a first and a last task."""
        config = self._config
        with DAG(
            dag_id=f"{compiled_pipeline.name}_training",
            description="From one span of data to a pushed model, or to the reason why not",
            doc_md=describe_pipeline(compiled_pipeline, config),
            schedule=self._create_timetable(),
            start_date=_begin(config.start_date),
            end_date=None if config.end_date is None else _begin(config.end_date),
            catchup=config.catchup,
            max_active_runs=config.max_active_runs,
            params={name: Param(**shown) for name, shown in describe_parameters().items()},
            deadline=self._create_deadline(),
            **self._describe_dag(compiled_pipeline),
        ) as dag:
            first = CompileRunOperator(
                task_id=COMPILE_TASK,
                doc_md="Check the run's parameters and input; compile the pipeline with them.",
                **self._describe_task(COMPILE_TASK, compiled_pipeline),
            )
            last = FinishRunOperator(
                task_id=FINISH_TASK,
                doc_md="Write the run's summary and report; give the run its state.",
                trigger_rule=TriggerRule.ALL_DONE,
                **self._describe_task(FINISH_TASK, compiled_pipeline),
            )
            self._add_nodes(compiled_pipeline, first, last)
        return dag

    def create_pushed_model_check(self, compiled_pipeline: PipelineDescription) -> DAG:
        """Make the DAG that replays each newly pushed model, as Pusher announces it."""
        with DAG(
            dag_id=f"{compiled_pipeline.name}_pushed_model_check",
            description="Does the pushed model serve what was evaluated?",
            doc_md=describe_check(compiled_pipeline),
            schedule=[create_asset(compiled_pipeline)],
            start_date=_begin(self._config.start_date),
            catchup=False,
            max_active_runs=1,
            **self._describe_dag(compiled_pipeline),
        ) as dag:
            ReplayOperator(
                task_id="replay_pushed_model",
                doc_md="Load the version and compare what it serves with what was evaluated.",
                **self._describe_task("replay_pushed_model", compiled_pipeline),
            )
        return dag

    def _add_nodes(
        self, pipeline: PipelineDescription, first: PipelineOperator, last: PipelineOperator
    ) -> None:
        groups = {
            stage: TaskGroup(group_id=stage.value, prefix_group_id=False)
            for stage in Stage
            if any(node.stage is stage for node in pipeline.nodes)
        }
        tasks = {
            node.id: self._create_node(node, pipeline, groups[node.stage])
            for node in pipeline.nodes
        }
        for node in pipeline.nodes:
            tasks[node.id].set_upstream([tasks[above] for above in node.upstream] or first)
        # After every node: where one fails, those beside it may still be running.
        last.set_upstream(list(tasks.values()))

    def _create_node(
        self, node: NodeDescription, pipeline: PipelineDescription, group: TaskGroup
    ) -> NodeOperator:
        kind = PusherOperator if node.id == NodeId.PUSHER else NodeOperator
        return kind(
            task_id=node.id,
            task_group=group,
            doc_md=describe_node(node),
            outlets=[create_alias(pipeline)] if node.id == NodeId.PUSHER else None,
            **self._describe_task(node.id, pipeline),
        )

    def _describe_task(self, task_id: str, pipeline: PipelineDescription) -> dict[str, Any]:
        retry = self._config.retry
        return {
            "config": self._config,
            "pipeline": pipeline,
            "pool": self._config.find_pool(task_id),
            "execution_timeout": self._config.find_timeout(task_id),
            "retries": retry.count,
            "retry_delay": datetime.timedelta(seconds=retry.delay_seconds),
            "retry_exponential_backoff": retry.backoff if retry.backoff > 1 else 0.0,
            "max_retry_delay": datetime.timedelta(seconds=retry.max_delay_seconds),
        }

    def _describe_dag(self, pipeline: PipelineDescription) -> dict[str, Any]:
        on_failure = self._config.on_failure
        return {
            "tags": [pipeline.name, f"content:{pipeline.content_hash[:12]}", "tfx"],
            "default_args": {"owner": _OWNER},
            "is_paused_upon_creation": self._config.paused,
            "on_failure_callback": on_failure and _load_callback(on_failure),
            "render_template_as_native_obj": False,
        }

    def _create_timetable(self) -> CronDataIntervalTimetable | None:
        schedule = self._config.schedule
        return None if schedule is None else CronDataIntervalTimetable(schedule, timezone="UTC")

    def _create_deadline(self) -> DeadlineAlert | None:
        minutes = self._config.deadline_minutes
        if minutes is None:
            return None
        return DeadlineAlert(
            reference=DeadlineReference.DAGRUN_QUEUED_AT,
            interval=datetime.timedelta(minutes=minutes),
            callback=AsyncCallback(self._config.on_deadline, kwargs={"deadline_minutes": minutes}),
        )


def _begin(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(), datetime.timezone.utc)


def _load_callback(path: str) -> Callable[[Any], None]:
    """Import the function that ``on_failure`` names: ``package.module.function``.

    Raises:
        ImportError: If there is no such module, or no such function in it; one line says which.
    """
    module_name, _, name = path.rpartition(".")
    found = getattr(importlib.import_module(module_name), name, None)
    if not callable(found):
        raise ImportError(  # noqa: TRY004 - as where the module is missing
            f"on_failure: got {path!r}, and {module_name} has no function {name!r}"
        )
    return found
