"""What a command's exit code means for its task, and how its log is shown; no Airflow import."""

from __future__ import annotations

import enum
import logging
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pydantic

from components.frozen_model import FrozenModel
from components.problem import Problem
from pipelines.records.exit_code import ExitCode
from pipelines.records.node_result import NodeResult

_LOG_LINE = re.compile(
    r"^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d[,.]\d+ (?P<level>[A-Z]+) (?P<text>.*)$", re.DOTALL
)
_LEVELS = {
    name: getattr(logging, name) for name in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
}
_MAX_NOTED_PROBLEMS = 5
NOTE_LENGTH = 1000
"""Maximum length of an Airflow note, in characters."""


class TaskOutcome(enum.Enum):
    """What becomes of a task."""

    DONE = "done"
    """It succeeds."""
    RETRY = "retry"
    """Something around the node broke: retry."""
    FAIL = "fail"
    """A retry would end the same way."""
    SKIP = "skip"
    """The model was refused: neither this task nor what follows has a model to pass on."""


class CommandResult(FrozenModel):
    """How a command ended.

    Attributes:
        exit_code: Its exit code; negative for the signal that ended it.
        answer: What it wrote as JSON; empty where it did not get that far.
        last_line: Last line that it printed.
    """

    exit_code: int
    answer: dict[str, Any]
    last_line: str

    @property
    def final_line(self) -> str:
        """Its last line or, where it printed nothing, how its process ended."""
        if self.last_line:
            return self.last_line
        if self.exit_code < 0:
            return f"the process was ended by signal {-self.exit_code}"
        return f"the process ended with exit code {self.exit_code}"


def judge_node(result: CommandResult) -> TaskOutcome:
    """Judge the task of a node or of a compilation; only an infrastructure error is retried."""
    return {
        ExitCode.DONE: TaskOutcome.DONE,
        ExitCode.USAGE: TaskOutcome.FAIL,
        ExitCode.DATA_REFUSED: TaskOutcome.FAIL,
        ExitCode.MODEL_REFUSED: TaskOutcome.SKIP,
    }.get(result.exit_code, TaskOutcome.RETRY)  # type: ignore[call-overload]


def judge_run(result: CommandResult) -> TaskOutcome:
    """Judge the task that ends a run, and with it the run.

    Returns:
        Done where a model was pushed or refused: either is what the run was for. A failure where
        data was refused or a node failed: someone has to act on it.
    """
    if result.exit_code in (ExitCode.DONE, ExitCode.MODEL_REFUSED):
        return TaskOutcome.DONE
    if result.answer or result.exit_code == ExitCode.USAGE:
        return TaskOutcome.FAIL
    return TaskOutcome.RETRY


def describe_node(result: CommandResult) -> str:
    """Describe in a note how a node ended: its state, and each problem."""
    state = str(result.answer.get("state", "failed"))
    problems = _read_problems(result.answer)
    if not problems and result.exit_code != ExitCode.DONE:
        return f"{state}: {result.final_line}"[:NOTE_LENGTH]
    if len(problems) == 1:
        return f"{state}: {problems[0].rule}: {problems[0].message}"[:NOTE_LENGTH]
    more = len(problems) - _MAX_NOTED_PROBLEMS
    lines = [
        f"{state}: {len(problems)} problems" if problems else state,
        *(f"- {problem.rule}: {problem.message}" for problem in problems[:_MAX_NOTED_PROBLEMS]),
        *([f"- and {more} more"] if more > 0 else []),
    ]
    return "\n".join(lines)[:NOTE_LENGTH]


def describe_result(answer: Mapping[str, Any]) -> str:
    """Describe in one line how a node ended well: state, seconds, rows, version pushed."""
    try:
        result = NodeResult.model_validate(answer)
    except pydantic.ValidationError:
        return f"{answer.get('state', 'ended')}; another version wrote the rest of its answer"
    parts = [result.state.value, f"{result.seconds:.1f} s"]
    for name, rows in (("read", result.rows.read), ("written", result.rows.written)):
        if rows:
            parts.append(f"{name} " + ", ".join(f"{n:,} {split}" for split, n in rows.items()))
    if result.pushed is not None:
        how = "newly pushed" if result.pushed.is_new else "in place already"
        parts.append(f"version {result.pushed.version} {how}")
    return "; ".join(parts)


def _read_problems(answer: Mapping[str, Any]) -> list[Problem]:
    """Read the problems in a node's answer; none of them where another version wrote it."""
    try:
        return [Problem.model_validate(each) for each in answer.get("problems", ())]
    except pydantic.ValidationError:
        return []


def describe_run(summary: Mapping[str, Any]) -> str:
    """Describe in a one-line note how a run ended."""
    verdict = str(summary.get("verdict", "failed")).replace("_", " ").upper()
    return f"{verdict}: {summary.get('reason', 'there is no summary')}"[:NOTE_LENGTH]


def describe_replay(result: CommandResult) -> str:
    """Describe in a note what the check of a pushed model found: its version, and failed gates."""
    if not result.answer:
        return result.final_line
    failing = [
        f"{gate['name']}: {gate['reason']}"
        for gate in result.answer["gates"]
        if gate["outcome"] == "failed"
    ]
    version = f"version {result.answer['version']}"
    if result.answer["passed"]:
        return f"{version} serves as it was measured"
    return "; ".join([f"{version} does not serve as it was measured", *failing])[:NOTE_LENGTH]


class LogReader:
    """Reads what a command prints, line by line, for Airflow's log.

    TFX logs its inputs and outputs in dumps of hundreds of lines. Lines that continue one of level
    INFO are put in a group, which Airflow shows folded; those that continue a warning or an error,
    such as a traceback, are not.
    """

    def __init__(self) -> None:
        self._level: int | None = None
        self._is_folded = False

    def read(self, line: str) -> list[tuple[int, str]]:
        """Read a printed line; return levels and texts to log, without time stamps of their own."""
        match = _LOG_LINE.match(line)
        level = _LEVELS.get(match["level"]) if match else None
        if match is not None and level is not None:
            self._level = level
            return [*self.end(), (level, match["text"])]
        if self._level == logging.INFO and not self._is_folded:
            self._is_folded = True
            return [(logging.INFO, "::group::details"), (logging.INFO, line)]
        return [(logging.INFO, line)]

    def end(self) -> list[tuple[int, str]]:
        """Return the line that closes an open group, if there is one."""
        was_folded, self._is_folded = self._is_folded, False
        return [(logging.INFO, "::endgroup::")] if was_folded else []


def quote_command(command: Sequence[str]) -> str:
    """Format a command as a person would type it; nothing ever runs this text."""
    program, *arguments = command
    return shlex.join([Path(program).name, *arguments])
