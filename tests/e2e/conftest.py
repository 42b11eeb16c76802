"""Whole runs, shared by the end-to-end tests: one of each kind, all in one output root."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.cli import main
from pipelines.config.layout import OutputLayout
from pipelines.records.run_summary import RunSummary
from tests.e2e.corrupted_inputs import ROWS, set_cells, write_rows

SAMPLE = Path(__file__).parents[2] / "data/chicago_taxi/sample/data.csv"
STRICT_GATE = "gates=[{kind: value, name: auc_floor, metric: auc, min: 0.9999}]"


@dataclasses.dataclass(frozen=True)
class Run:
    """A run that has ended.

    Attributes:
        exit_code: What the command returned.
        summary: What it wrote with ``--json``; None where it did not get that far.
    """

    exit_code: int
    summary: RunSummary | None
    layout: OutputLayout

    @property
    def done(self) -> RunSummary:
        """The summary of a run that must have one."""
        assert self.summary is not None
        return self.summary


RunPipeline = Callable[..., Run]


def run_pipeline(output: Path, *options: str) -> Run:
    """Run the pipeline with the ``test`` environment, as a user would type it."""
    json_path = output / "summary.json"
    json_path.unlink(missing_ok=True)
    code = main(
        ["run", "--config", "test", "--output", str(output), "--json", str(json_path), *options]
    )
    summary = None
    if json_path.exists():
        summary = RunSummary.model_validate_json(json_path.read_text(encoding="utf-8"))
    return Run(code, summary, OutputLayout(output))


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunPipeline:
    """Runs of one output root, which all of them share."""
    output = tmp_path_factory.mktemp("output")
    return lambda *options: run_pipeline(output, *options)


@pytest.fixture(scope="session")
def first_run(run: RunPipeline) -> Run:
    """A run with nothing there before."""
    return run()


@pytest.fixture(scope="session")
def second_run(run: RunPipeline, first_run: Run) -> Run:
    """A run with nothing changed since the first."""
    return run()


@pytest.fixture(scope="session")
def refused_model_run(run: RunPipeline, second_run: Run) -> Run:
    """A run whose model misses a gate that no model can meet."""
    return run("--set", STRICT_GATE)


@pytest.fixture(scope="session")
def refused_data_run(
    run: RunPipeline, second_run: Run, tmp_path_factory: pytest.TempPathFactory
) -> Run:
    """A run whose data DataGate refuses: some trips start at an hour that there is not."""
    directory = tmp_path_factory.mktemp("refused")
    rows = list(ROWS)
    rows[::400] = set_cells(rows[::400], "trip_start_hour", lambda _: "24")
    write_rows(directory, rows)
    return run("--data", str(directory))


@pytest.fixture(scope="session")
def failed_run(run: RunPipeline, second_run: Run) -> Run:
    """A run whose Evaluator fails, for it is told to measure on a split that there is not."""
    return run("--set", "evaluator.split=holdout")
