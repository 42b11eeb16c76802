"""What a run shows while it goes on, and the screen that it ends with."""

from __future__ import annotations

import datetime
import io

import pytest
from rich.console import Console

from components.metrics.evaluation import MetricComparison
from components.model_validator.gate_result import GateResult, Outcome
from components.problem import Problem
from pipelines.cli.ending_screen import print_summary
from pipelines.cli.run_display import LiveDisplay, PlainDisplay, create_display
from pipelines.records.description import NodeDescription, PipelineDescription
from pipelines.records.node_result import NodeResult, NodeState, Rows
from pipelines.records.nodes import Stage
from pipelines.records.run_summary import NodeSummary, RunSummary, Verdict

NODE = NodeDescription(id="Trainer", type="t", stage=Stage.TRAIN, upstream=(), parameters={})
NOW = datetime.datetime(2026, 1, 31, tzinfo=datetime.timezone.utc)
PIPELINE = PipelineDescription(
    name="p", content_hash="0", compiled_at=NOW, output_root="/out", nodes=(NODE,)
)
RESULT = NodeResult(
    id="Trainer", state=NodeState.CACHED, seconds=1.25, rows=Rows(written={"train": 9003})
)


def _show(terminal: bool) -> str:
    console = Console(file=io.StringIO(), force_terminal=terminal, width=100)
    with create_display(console) as display:
        display.compiled(PIPELINE)
        display.started("Trainer")
        display.tick()
        display.ended(RESULT)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def _summarize(**changes: object) -> RunSummary:
    node = NodeSummary(
        id="Trainer",
        state=NodeState.FAILED,
        seconds=2,
        cached=False,
        rows_in={},
        rows_out={},
        log="/out/runs/r/logs/Trainer.log",
    )
    values: dict[str, object] = {
        "run_id": "r",
        "pipeline": "p",
        "verdict": Verdict.FAILED,
        "reason": "Trainer failed; nothing was pushed",
        "seconds": 3,
        "nodes": (node,),
        "output_root": "/out",
    }
    return RunSummary.model_validate(values | changes)


def _create_gate(slice_name: str, value: float, outcome: Outcome) -> GateResult:
    return GateResult(
        name="loss_by_company",
        kind="value",
        rule="max",
        metric="log_loss",
        slice=slice_name,
        value=value,
        limit=0.5,
        baseline=None,
        examples=200,
        outcome=outcome,
        reason="",
    )


def _print(summary: RunSummary) -> str:
    console = Console(file=io.StringIO(), width=110)
    print_summary(console, summary)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_chooses_the_display_by_where_it_goes() -> None:
    """A terminal gets the live table, a pipe plain lines."""
    assert isinstance(create_display(Console(force_terminal=True)), LiveDisplay)
    assert isinstance(create_display(Console(file=io.StringIO())), PlainDisplay)


@pytest.mark.parametrize("terminal", [True, False])
def test_says_which_node_how_long_and_whether_cached(terminal: bool) -> None:
    """Both displays tell a node's name, state, seconds and rows."""
    screen = _show(terminal)

    for word in ("Trainer", "cached", "1.2", "9,003"):
        assert word in screen


def test_plain_lines_have_no_control_codes() -> None:
    """What goes to a log file is text."""
    assert "\x1b" not in _show(terminal=False)


def test_a_failure_shows_its_error_and_its_log() -> None:
    """The screen of a failed run names the error and the log's path."""
    screen = _print(_summarize(problems=(Problem(rule="ValueError", message="too wide"),)))

    assert "FAILED" in screen
    assert "ValueError: too wide" in screen
    assert "/out/runs/r/logs/Trainer.log" in screen


def test_shows_every_refusing_slice_and_the_nearest_of_the_others() -> None:
    """A gate's refusals stand alone; of the slices that passed the nearest to the limit does."""
    gates = (
        _create_gate("company=A", 0.1, Outcome.PASSED),
        _create_gate("company=B", 0.45, Outcome.PASSED),
        _create_gate("company=C", 0.7, Outcome.FAILED),
        _create_gate("company=D", 0.8, Outcome.FAILED),
        _create_gate("company=E", 0.9, Outcome.TOO_SMALL),
    )

    screen = _print(_summarize(verdict=Verdict.MODEL_REFUSED, gates=gates))

    assert "company=C" in screen
    assert "company=D" in screen
    assert "nearest: company=B" in screen
    assert "company=A" not in screen
    assert "2 passed, 1 too small" in screen


def test_does_not_show_a_refusing_slice_twice_where_none_passed() -> None:
    """Beside a refusal, the nearest of the others is one of the others."""
    gates = (
        _create_gate("overall", 0.51, Outcome.FAILED),
        _create_gate("company=E", 0.9, Outcome.TOO_SMALL),
    )

    screen = _print(_summarize(verdict=Verdict.MODEL_REFUSED, gates=gates))

    assert screen.count("overall") == 1
    assert "company=E" in screen


def test_data_is_never_read_as_markup() -> None:
    """A company named like a style of the terminal shows as that."""
    problem = Problem(rule="domain", message="[bold red]Cabs[/] is not in the domain")

    screen = _print(_summarize(verdict=Verdict.DATA_REFUSED, problems=(problem,)))

    assert "[bold red]Cabs[/]" in screen


def test_shows_metrics_beside_the_champion() -> None:
    """A metric has its value, interval and the champion's value, or says that there is none."""
    metrics = (
        MetricComparison(name="auc", value=0.96, lower=0.95, upper=0.97, baseline=0.91),
        MetricComparison(name="recall", value=None, lower=None, upper=None, baseline=None),
    )

    screen = _print(_summarize(metrics=metrics))

    assert "0.9600" in screen
    assert "0.9500 to 0.9700" in screen
    assert "0.9100" in screen
    assert "none yet" in screen
