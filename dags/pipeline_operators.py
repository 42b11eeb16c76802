"""Operators that run one command of ``python -m pipelines`` each."""

from __future__ import annotations

import json
import logging
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from airflow.sdk import AssetAlias, BaseOperator, Context
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from dags.airflow_config import PROJECT_ROOT, AirflowConfig
from dags.child_process import ChildProcess
from dags.notes import note_run, note_task
from dags.pipeline_commands import PipelineCommands, choose_environment
from dags.pushed_model import create_asset, find_triggering_version
from dags.run_links import ArtifactsLink, NodeLogLink, ReportLink, RunFilesLink
from dags.run_parameters import ParameterError, choose_span, find_data_folder, read_parameters
from dags.task_outcome import (
    CommandResult,
    LogReader,
    TaskOutcome,
    describe_node,
    describe_replay,
    describe_result,
    describe_run,
    judge_node,
    judge_run,
    quote_command,
)
from pipelines.config.layout import OutputLayout
from pipelines.records.description import PipelineDescription

# Airflow gives a task that it stops five seconds before it kills it.
_STOP_SECONDS = 4.0
_SHORT_SUMMARY = ("run_id", "verdict", "reason", "seconds", "pushed_version", "report")


class PipelineOperator(BaseOperator):
    """Runs a command, shows its output live, and stops it with all of its children when killed."""

    def __init__(self, *, config: AirflowConfig, pipeline: PipelineDescription, **kwargs: Any):
        super().__init__(**kwargs)
        self.config = config
        self.pipeline = pipeline
        self.commands = PipelineCommands(config)
        self.layout = OutputLayout(Path(pipeline.output_root))
        self._child: ChildProcess | None = None

    def ask(self, create_command: Callable[[Path], Sequence[str]]) -> CommandResult:
        """Run a command that writes its answer to a file, given the file's path."""
        with tempfile.TemporaryDirectory(prefix="pipeline-") as folder:
            json_path = Path(folder) / "answer.json"
            result = self.run_command(create_command(json_path))
            if not json_path.is_file():
                return result
            answer = json.loads(json_path.read_text(encoding="utf-8"))
        return result.model_copy(update={"answer": answer})

    def run_command(self, command: Sequence[str]) -> CommandResult:
        """Run a command to its end."""
        self.log.info("$ %s", quote_command(command))
        self._child = ChildProcess(command, PROJECT_ROOT, choose_environment(os.environ))
        reader = LogReader()
        last_line = ""

        def show(entries: list[tuple[int, str]]) -> None:
            for level, text in entries:
                self.log.log(level, "%s", text)

        def hear(line: str) -> None:
            nonlocal last_line
            last_line = line.strip() or last_line
            show(reader.read(line))

        try:
            exit_code = self._child.read(hear)
        finally:
            # Also where the task's time is up: what Airflow logs then is not to be folded.
            show(reader.end())
        return CommandResult(exit_code=exit_code, answer={}, last_line=last_line)

    def on_kill(self) -> None:
        """Stop the command and its children."""
        if self._child is not None:
            self._child.stop(_STOP_SECONDS)

    def conclude(self, outcome: TaskOutcome, reason: str, context: Context) -> None:
        """End the task as its command's outcome says.

        Args:
            reason: Why; goes to the log, the note and, by the key ``reason``, to XCom.

        Raises:
            AirflowFailException: If it has failed and another try would fail as well.
            AirflowSkipException: If the model was refused.
            AirflowException: If another try may help.
        """
        if outcome is TaskOutcome.DONE:
            return
        task_instance = context["ti"]
        task_instance.xcom_push("reason", reason)
        note_task(self.config.api_connection, task_instance, reason)
        errors = {TaskOutcome.FAIL: AirflowFailException, TaskOutcome.SKIP: AirflowSkipException}
        self.log.log(
            logging.WARNING if outcome is TaskOutcome.SKIP else logging.ERROR, "%s", reason
        )
        raise errors.get(outcome, AirflowException)(reason)


class CompileRunOperator(PipelineOperator):
    """Checks a run's parameters and input, and compiles the pipeline with them."""

    ui_color = "#e8eef7"
    operator_extra_links = (RunFilesLink(),)

    def execute(self, context: Context) -> dict[str, Any]:
        """Compile the run; return its folder, and what it reads."""
        run_id = context["run_id"]
        try:
            parameters = read_parameters(context["params"])
            date = context["dag_run"].logical_date
            span = choose_span(parameters, date, self.pipeline.span_period)
            data = parameters.data and find_data_folder(parameters.data, self.config.data_roots)
            run = self.layout.run(run_id)
        except (ParameterError, ValueError) as error:
            self.conclude(TaskOutcome.FAIL, str(error), context)
            raise
        result = self.run_command(self.commands.compile_run(run_id, parameters, span, data or None))
        reason = result.final_line.removeprefix("error: ")
        self.conclude(judge_node(result), reason, context)
        return {
            "run_directory": str(run.directory),
            "span": span and span.isoformat(),
            "data": data and str(data),
        }

    def conclude(self, outcome: TaskOutcome, reason: str, context: Context) -> None:
        """End the task, and note on the run why it did not begin: no verdict will follow."""
        if outcome is not TaskOutcome.DONE:
            note_run(self.config.api_connection, context["ti"], f"NOT BEGUN: {reason}")
        super().conclude(outcome, reason, context)


class NodeOperator(PipelineOperator):
    """Runs one node of the compiled run."""

    ui_color = "#f7f3e8"
    operator_extra_links = (ReportLink(), ArtifactsLink(), NodeLogLink(), RunFilesLink())

    def execute(self, context: Context) -> dict[str, Any]:
        """Run the node; return how it ended, a ``NodeResult`` as JSON."""
        run_id = context["run_id"]
        ir_path = self.layout.run(run_id).ir_path
        result = self.ask(lambda path: self.commands.run_node(ir_path, self.task_id, run_id, path))
        outcome = judge_node(result)
        if outcome is not TaskOutcome.DONE:
            context["ti"].xcom_push("return_value", result.answer)
        self.conclude(outcome, describe_node(result), context)
        self.log.info("%s: %s", self.task_id, describe_result(result.answer))
        return result.answer


class PusherOperator(NodeOperator):
    """Runs the node that pushes, and announces a model that was not in place before."""

    def execute(self, context: Context) -> dict[str, Any]:
        """Run the node, and add an event to the asset where a new version came of it."""
        answer = super().execute(context)
        pushed = answer.get("pushed") or {}
        if pushed.get("is_new"):
            (alias,) = (outlet for outlet in self.outlets if isinstance(outlet, AssetAlias))
            context["outlet_events"][alias].add(
                create_asset(self.pipeline),
                extra={
                    "version": pushed["version"],
                    "path": pushed["path"],
                    "run_id": context["run_id"],
                },
            )
        return answer


class FinishRunOperator(PipelineOperator):
    """Writes a run's summary and report, and sets the DAG run's state."""

    ui_color = "#e8f7ec"
    operator_extra_links = (ReportLink(), RunFilesLink())

    def execute(self, context: Context) -> dict[str, Any]:
        """Finish the run; return how it ended, without the long lists that its files have."""
        run_id = context["run_id"]
        task_instance = context["ti"]
        if not self._is_compiled(run_id):
            self.conclude(TaskOutcome.FAIL, "the run was not compiled: nothing to finish", context)
        result = self.ask(lambda path: self.commands.finish_run(run_id, path))
        verdict = describe_run(result.answer) if result.answer else result.last_line
        note_run(self.config.api_connection, task_instance, verdict)
        outcome = judge_run(result)
        short = {key: result.answer.get(key) for key in _SHORT_SUMMARY}
        if outcome is not TaskOutcome.DONE:
            task_instance.xcom_push("return_value", short)
        self.conclude(outcome, verdict, context)
        note_task(self.config.api_connection, task_instance, verdict)
        return short

    def _is_compiled(self, run_id: str) -> bool:
        try:
            return self.layout.run(run_id).description_path.is_file()
        except ValueError:
            return False


class ReplayOperator(PipelineOperator):
    """Loads a pushed model in a fresh process and checks that it serves what was evaluated."""

    ui_color = "#e8f7ec"

    def execute(self, context: Context) -> dict[str, Any]:
        """Replay the model whose push triggered the run, or the newest; return what was found."""
        version = find_triggering_version(context)
        result = self.ask(lambda path: self.commands.replay_champion(version, path))
        outcome = judge_node(result)
        # A model that is in place and does not serve is no refusal but an alarm.
        outcome = TaskOutcome.FAIL if outcome is TaskOutcome.SKIP else outcome
        found = describe_replay(result)
        self.conclude(outcome, found, context)
        note_task(self.config.api_connection, context["ti"], found)
        return result.answer
