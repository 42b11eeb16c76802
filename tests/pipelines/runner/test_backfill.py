"""Which spans a backfill walks, and how their outcomes count."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from rich.console import Console

from pipelines.cli.backfill_screen import render_backfill
from pipelines.config.pipeline_config import PipelineConfig, load_config
from pipelines.records.errors import ConfigError
from pipelines.records.exit_code import ExitCode
from pipelines.records.run_summary import Verdict
from pipelines.runner.backfill import BackfillSummary, Drift, SpanOutcome, choose_spans

DATES = tuple(datetime.date(2014, month, 1) for month in (1, 4, 7))


@pytest.fixture
def config(tmp_path: Path) -> PipelineConfig:
    """A configuration whose spans are empty folders."""
    for date in DATES:
        (tmp_path / date.isoformat()).mkdir()
    return load_config("test", [f"data.spans_directory={tmp_path}"])


def create_outcome(span: datetime.date, verdict: Verdict) -> SpanOutcome:
    """Make up what became of a span."""
    return SpanOutcome(
        span=span,
        run_id="r",
        verdict=verdict,
        reason="a reason",
        rows=1234,
        training_rows=None,
        compared_with=None,
        drift=Drift(feature="[bold]company", value=0.1, allowed=0.25),
        gates_passed=2,
        gates_not_passed=1,
        auc=0.5,
        champion_auc=None,
        champion_version=None,
        pushed_version=None,
        seconds=1.0,
    )


def test_all_spans_are_walked_oldest_first(config: PipelineConfig) -> None:
    """Without bounds, every span that is there."""
    assert choose_spans(config, None, None) == DATES


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [(DATES[1], None, DATES[1:]), (None, DATES[1], DATES[:2]), (DATES[1], DATES[1], DATES[1:2])],
)
def test_bounds_are_part_of_what_is_walked(
    config: PipelineConfig,
    first: datetime.date | None,
    last: datetime.date | None,
    expected: tuple[datetime.date, ...],
) -> None:
    """Both the first and the last date are walked themselves."""
    assert choose_spans(config, first, last) == expected


def test_no_span_between_the_bounds_is_told_with_those_there_are(config: PipelineConfig) -> None:
    """The message names the bounds, the folder and its extent."""
    with pytest.raises(ConfigError, match=r"from 2015-01-01 to the last .* to 2014-07-01"):
        choose_spans(config, datetime.date(2015, 1, 1), None)


def test_a_configuration_without_spans_is_told() -> None:
    """The key that is missing is named."""
    config = load_config("test", ["data.spans_directory=null"])

    with pytest.raises(ConfigError, match="spans_directory"):
        choose_spans(config, None, None)


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        ([Verdict.PUSHED, Verdict.DATA_REFUSED, Verdict.MODEL_REFUSED], ExitCode.DONE),
        ([Verdict.FAILED, Verdict.PUSHED], ExitCode.FAILED),
    ],
)
def test_refusals_are_answers_and_failures_are_not(verdicts: list[Verdict], code: ExitCode) -> None:
    """The exit code tells whether a run broke."""
    outcomes = [create_outcome(DATES[0], verdict) for verdict in verdicts]

    assert BackfillSummary(spans=tuple(outcomes)).exit_code is code


def test_the_table_has_a_line_a_span() -> None:
    """With rows, drift, gates, champion and verdict; names from the data are no markup."""
    summary = BackfillSummary(spans=(create_outcome(DATES[0], Verdict.MODEL_REFUSED),))
    console = Console(width=140)
    with console.capture() as capture:
        console.print(render_backfill(summary), highlight=False)

    [line] = [line for line in capture.get().splitlines() if "2014-01-01" in line]
    for cell in ("1,234", "[bold]company 0.100 of 0.250", "2 of 3", "none yet", "model refused"):
        assert cell in line
