"""What the exit code of a command means for a task, and how its log reads; no Airflow import."""

from __future__ import annotations

import enum
import logging
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pydantic

from pipelines.node_result import ExitCode, Problem

_LOG_LINE = re.compile(
    r"^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d[,.]\d+ (?P<level>[A-Z]+) (?P<text>.*)$", re.DOTALL
)
_MOST_NOTED_PROBLEMS = 5
_NOTE_LENGTH = 1000


class Outcome(enum.Enum):
    """What becomes of a task."""

    DONE = "done"
    """It succeeds."""
    RETRY = "retry"
    """Something around the node broke: try again."""
    FAIL = "fail"
    """Trying again would end the same way."""
    SKIP = "skip"
    """The model was refused: neither this task nor what follows has a model to hand on."""


class CommandResult(pydantic.BaseModel):
    """How a command ended.

    Attributes:
        exit_code: Its exit code; negative for the signal that ended it.
        answer: What it wrote as JSON; empty where it did not get that far.
        last_line: Last line that it printed.
    """

    model_config = pydantic.ConfigDict(frozen=True)

    exit_code: int
    answer: dict[str, Any]
    last_line: str


def judge_node(result: CommandResult) -> Outcome:
    """Tell what becomes of the task of a node or of a compilation.

    Args:
        result: How its command ended.

    Returns:
        The outcome; a retry for an infrastructure error alone.
    """
    return {
        ExitCode.DONE: Outcome.DONE,
        ExitCode.USAGE: Outcome.FAIL,
        ExitCode.DATA_REFUSED: Outcome.FAIL,
        ExitCode.MODEL_REFUSED: Outcome.SKIP,
    }.get(result.exit_code, Outcome.RETRY)  # type: ignore[call-overload]


def judge_run(result: CommandResult) -> Outcome:
    """Tell what becomes of the task that ends a run, and by that of the run.

    Args:
        result: How ``finish`` ended.

    Returns:
        Done where a model was pushed or refused: either is what the run was for. A failure where
        data was refused or a node failed: somebody has to see to it.
    """
    if result.exit_code in (ExitCode.DONE, ExitCode.MODEL_REFUSED):
        return Outcome.DONE
    if result.answer or result.exit_code == ExitCode.USAGE:
        return Outcome.FAIL
    return Outcome.RETRY


def describe_node(result: CommandResult) -> str:
    """Say in a few lines how a node ended: its state, and each problem; for a note.

    Args:
        result: How its command ended.

    Returns:
        At most 1,000 characters, which is what Airflow's notes hold.
    """
    state = str(result.answer.get("state", "failed"))
    problems = [Problem.model_validate(each) for each in result.answer.get("problems", ())]
    if not problems and result.exit_code != ExitCode.DONE:
        return f"{state}: {result.last_line or describe_exit(result.exit_code)}"[:_NOTE_LENGTH]
    more = len(problems) - _MOST_NOTED_PROBLEMS
    lines = [
        f"{state}: {len(problems)} problem{'s' * (len(problems) != 1)}" if problems else state,
        *(f"- {problem.rule}: {problem.message}" for problem in problems[:_MOST_NOTED_PROBLEMS]),
        *([f"- and {more} more"] if more > 0 else []),
    ]
    return "\n".join(lines)[:_NOTE_LENGTH]


def describe_run(summary: Mapping[str, Any]) -> str:
    """Say in one line how a run ended; for a note.

    Args:
        summary: The run summary.

    Returns:
        Its verdict and the reason.
    """
    verdict = str(summary.get("verdict", "failed")).replace("_", " ").upper()
    return f"{verdict}: {summary.get('reason', 'there is no summary')}"[:_NOTE_LENGTH]


def describe_exit(exit_code: int) -> str:
    """Say how a process ended that did not say so itself."""
    if exit_code < 0:
        return f"the process was ended by signal {-exit_code}"
    return f"the process ended with exit code {exit_code}"


def parse_log_line(line: str) -> tuple[int, str]:
    """Take the time and the level off a line, which Airflow shows in places of its own.

    Args:
        line: A line that a command printed.

    Returns:
        Level as ``logging`` counts them, information where the line names none; and the text.
    """
    match = _LOG_LINE.match(line)
    level = logging.getLevelName(match["level"]) if match else logging.INFO
    if match is None or not isinstance(level, int):
        return logging.INFO, line
    return level, match["text"]


def quote_command(command: Sequence[str]) -> str:
    """Write a command as one could type it, for people to read; nothing ever runs this text."""
    program, *arguments = command
    return shlex.join([Path(program).name, *arguments])
