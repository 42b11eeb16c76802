from __future__ import annotations

import logging
from typing import Any

import pytest

from dags.task_outcome import (
    CommandResult,
    LogReader,
    TaskOutcome,
    describe_node,
    describe_result,
    describe_run,
    judge_node,
    judge_run,
    quote_command,
)

TIME = "2026-11-21 22:47:05,123"
PROBLEM = {"rule": "out of range", "message": "column 'fare': got -1, expected 0 or more"}


def ended(exit_code: int, **answer: Any) -> CommandResult:
    """Give how a command ended."""
    return CommandResult(exit_code=exit_code, answer=answer, last_line="the last line")


@pytest.mark.parametrize(
    ("exit_code", "outcome"),
    [
        (0, TaskOutcome.DONE),
        (1, TaskOutcome.RETRY),
        (2, TaskOutcome.FAIL),
        (3, TaskOutcome.FAIL),
        (4, TaskOutcome.SKIP),
        (137, TaskOutcome.RETRY),
        (-9, TaskOutcome.RETRY),
    ],
)
def test_infrastructure_errors_alone_are_tried_again(exit_code: int, outcome: TaskOutcome) -> None:
    """Refusals and wrong usage are answers, whatever else happens is tried again."""
    assert judge_node(ended(exit_code)) is outcome


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        (ended(0, verdict="pushed"), TaskOutcome.DONE),
        (ended(4, verdict="model_refused"), TaskOutcome.DONE),
        (ended(3, verdict="data_refused"), TaskOutcome.FAIL),
        (ended(1, verdict="failed"), TaskOutcome.FAIL),
        (ended(2), TaskOutcome.FAIL),
        (ended(1), TaskOutcome.RETRY),
        (ended(-9), TaskOutcome.RETRY),
    ],
)
def test_run_ends_as_its_verdict_says(result: CommandResult, outcome: TaskOutcome) -> None:
    """A model pushed or refused is what a run is for; refused data is for people to see to."""
    assert judge_run(result) is outcome


def test_refusal_is_described_by_its_problems() -> None:
    """The note names the state, and rule and message of each problem."""
    note = describe_node(ended(3, state="data refused", problems=[PROBLEM]))

    assert note == f"data refused: {PROBLEM['rule']}: {PROBLEM['message']}"


def test_problems_are_listed_one_a_line() -> None:
    """The note of several problems begins with how many there are."""
    note = describe_node(ended(3, state="data refused", problems=[PROBLEM, PROBLEM]))

    line = f"- {PROBLEM['rule']}: {PROBLEM['message']}"
    assert note.splitlines() == ["data refused: 2 problems", line, line]


def test_long_refusal_fits_into_a_note() -> None:
    """Airflow's notes hold 1,000 characters: the first problems, and how many more."""
    problem = {**PROBLEM, "message": "x" * 300}

    assert len(describe_node(ended(3, state="data refused", problems=[problem] * 9))) == 1000
    assert "and 4 more" in describe_node(ended(3, state="data refused", problems=[PROBLEM] * 9))


def test_end_without_an_answer_is_described_by_what_was_said_last() -> None:
    """A command that wrote no answer is quoted."""
    assert describe_node(ended(2)) == "failed: the last line"


def test_command_that_was_killed_is_described_by_its_signal() -> None:
    """A command that said nothing at all is described by how it ended."""
    killed = CommandResult(exit_code=-9, answer={}, last_line="")

    assert describe_node(killed) == "failed: the process was ended by signal 9"


def test_verdict_is_described_in_one_line() -> None:
    """The run's note is verdict and reason."""
    summary = {"verdict": "model_refused", "reason": "auc_floor: 0.5"}

    assert describe_run(summary) == "MODEL REFUSED: auc_floor: 0.5"


def read_log(lines: list[str]) -> list[tuple[int, str]]:
    """Read a whole log."""
    reader = LogReader()
    return [entry for line in lines for entry in reader.read(line)] + reader.end()


def test_level_of_a_line_is_kept() -> None:
    """Lines keep their level; time and level are shown once, by Airflow."""
    log = read_log(
        [f"{TIME} INFO absl: ready", f"{TIME} ERROR pipelines.launcher.node: bad", "plain"]
    )

    assert log == [
        (logging.INFO, "absl: ready"),
        (logging.ERROR, "pipelines.launcher.node: bad"),
        (logging.INFO, "plain"),
    ]


def test_dump_below_information_is_folded() -> None:
    """What goes on below a line of information is in a group, which ends where the next begins."""
    log = read_log([f"{TIME} INFO absl: node {{", "  id", "}", f"{TIME} INFO absl: next", "x"])

    assert [text for _, text in log] == [
        "absl: node {",
        "::group::details",
        "  id",
        "}",
        "::endgroup::",
        "absl: next",
        "::group::details",
        "x",
        "::endgroup::",
    ]


def test_traceback_is_not_folded() -> None:
    """What goes on below an error is there to be seen."""
    lines = [f"{TIME} ERROR pipelines.launcher.node: Traceback", "  File", "ValueError: x"]

    assert [text for _, text in read_log(lines)] == [
        "pipelines.launcher.node: Traceback",
        *lines[1:],
    ]


def test_odd_lines_stay_as_they_are() -> None:
    """A line of no known level is no log line, and an empty one is kept."""
    assert read_log(["", f"{TIME} WEIRD absl: x"]) == [
        (logging.INFO, ""),
        (logging.INFO, f"{TIME} WEIRD absl: x"),
    ]


def test_good_end_is_described_in_one_line() -> None:
    """State, seconds, rows and version."""
    answer = {
        "id": "Pusher",
        "state": "done",
        "seconds": 1.25,
        "rows": {"read": {"train": 1200}, "written": {}},
        "pushed": {"version": 7, "path": "/serving/7", "is_new": True},
    }

    assert describe_result(answer) == "done; 1.2 s; read 1,200 train; version 7 newly pushed"


def test_command_is_shown_as_one_could_type_it() -> None:
    """A word with a blank is quoted, and the program shown by its name."""
    assert quote_command(["/a/python", "-m", "x y"]) == "python -m 'x y'"


def test_answers_of_another_version_are_told_as_far_as_they_are_known() -> None:
    """A field that is new is passed over, and one that is missing is no traceback in a task."""
    problem = {**PROBLEM, "mood": "bad"}

    assert describe_node(ended(3, state="data refused", problems=[problem])) == (
        "data refused: out of range: column 'fare': got -1, expected 0 or more"
    )
    assert describe_node(ended(3, state="data refused", problems=[{"what": "?"}])) == (
        "data refused: the last line"
    )
    assert describe_result({"id": "Trainer", "state": "done", "mood": "good"}) == "done; 0.0 s"
    assert describe_result({"state": "paused"}).startswith("paused; ")
