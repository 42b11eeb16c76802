from __future__ import annotations

import datetime

import pytest
from airflow.sdk import DAG, TriggerRule

from dags.airflow_dag_runner import COMPILE_TASK, FINISH_TASK, AirflowDagRunner
from pipelines.records.description import PipelineDescription
from tests.dags.deployment import Deployment


@pytest.fixture(scope="module")
def dag(deployment: Deployment, pipeline: PipelineDescription) -> DAG:
    """Give the DAG that trains."""
    return AirflowDagRunner(deployment.config).run(pipeline)


def test_every_node_is_a_task(dag: DAG, pipeline: PipelineDescription) -> None:
    """Tasks are the nodes by their ids, and one before and one after them."""
    assert set(dag.task_ids) == {node.id for node in pipeline.nodes} | {COMPILE_TASK, FINISH_TASK}


def test_edges_are_the_pipelines(dag: DAG, pipeline: PipelineDescription) -> None:
    """A node follows exactly its upstream nodes; one without any follows the compilation."""
    edges = {node.id: dag.get_task(node.id).upstream_task_ids for node in pipeline.nodes}

    assert edges == {node.id: set(node.upstream) or {COMPILE_TASK} for node in pipeline.nodes}


def test_last_task_waits_for_every_node_however_it_ends(
    dag: DAG, pipeline: PipelineDescription
) -> None:
    """The summary is of a run in which nothing is at work any more."""
    last = dag.get_task(FINISH_TASK)

    assert last.upstream_task_ids == {node.id for node in pipeline.nodes}
    assert last.trigger_rule == TriggerRule.ALL_DONE


def test_tasks_are_grouped_by_stage(dag: DAG, pipeline: PipelineDescription) -> None:
    """Each group holds its stage's nodes, under their own ids."""
    groups = {
        group_id: set(group.children)
        for group_id, group in dag.task_group_dict.items()
        if group_id is not None
    }

    assert groups == {
        stage: {node.id for node in pipeline.nodes if node.stage == stage}
        for stage in ("data", "train", "validate", "deploy")
    }


def test_heavy_nodes_share_a_pool(dag: DAG) -> None:
    """Transform and Trainer take turns, over all runs."""
    assert {task.task_id for task in dag.tasks if task.pool == "pipeline_heavy"} == {
        "Transform",
        "Trainer",
    }


def test_tasks_are_retried_later_and_later(dag: DAG, deployment: Deployment) -> None:
    """Every task has the configured retries and a longest time."""
    retry = deployment.config.retry

    for task in dag.tasks:
        assert task.retries == retry.count
        assert task.retry_delay == datetime.timedelta(seconds=retry.delay_seconds)
        assert task.execution_timeout == deployment.config.find_timeout(task.task_id)


def test_dag_says_what_it_is(dag: DAG, pipeline: PipelineDescription) -> None:
    """Documentation on the DAG and on every task, and tags with pipeline and content."""
    assert pipeline.content_hash[:12] in (dag.doc_md or "")
    assert all(task.doc_md for task in dag.tasks)
    assert {pipeline.name, f"content:{pipeline.content_hash[:12]}"} <= set(dag.tags)


def test_dag_has_a_deadline(dag: DAG, deployment: Deployment) -> None:
    """A run that takes too long is told of while it runs."""
    minutes = deployment.config.deadline_minutes
    assert minutes is not None

    (deadline,) = dag.deadline if isinstance(dag.deadline, list) else [dag.deadline]

    assert deadline.interval == datetime.timedelta(minutes=minutes)


def test_failure_callback_is_the_configured_one(
    deployment: Deployment, pipeline: PipelineDescription
) -> None:
    """``on_failure`` names the function that is called for a failed run."""
    config = deployment.config.model_copy(update={"on_failure": "tests.dags.callback.note_failure"})

    dag = AirflowDagRunner(config).run(pipeline)

    from tests.dags.callback import note_failure

    assert dag.has_on_failure_callback
    assert dag.on_failure_callback in (note_failure, [note_failure])


@pytest.mark.parametrize("path", ["tests.dags.no_such_module.f", "tests.dags.callback.missing"])
def test_failure_callback_that_there_is_not_is_told(
    deployment: Deployment, pipeline: PipelineDescription, path: str
) -> None:
    """A wrong import path is an import error of the DAG, not a surprise at the first failure."""
    config = deployment.config.model_copy(update={"on_failure": path})

    with pytest.raises(ImportError, match=path.split(".")[2]):
        AirflowDagRunner(config).run(pipeline)


def test_check_follows_the_pushed_model(
    deployment: Deployment, pipeline: PipelineDescription
) -> None:
    """The second DAG is scheduled on the asset of pushed models alone."""
    dag = AirflowDagRunner(deployment.config).create_pushed_model_check(pipeline)

    assert [task.task_id for task in dag.tasks] == ["replay_pushed_model"]
    assert pipeline.name in str(dag.timetable.asset_condition)
