"""The ML Test Score: evidence is found, never asserted."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.model_validator.gate_result import Outcome
from pipelines.config import CODE_ROOT
from pipelines.report import ml_test_rubric
from pipelines.report.ml_test_rubric import find_in_repository, score_run
from pipelines.report.ml_test_score import Item, MlTestScore, Section
from pipelines.report.run_report import RunReport
from tests.tiny_report import create_report


@pytest.fixture(scope="module")
def report() -> RunReport:
    """A report of a pushed model, built by hand, with a gate on the gaps between groups."""
    report = create_report()
    floor = report.summary.gates[0]
    gap = floor.model_copy(update={"name": "gap", "kind": "fairness", "slice": "pickup_side"})
    summary = report.summary.model_copy(update={"gates": (*report.summary.gates, gap)})
    nodes = tuple(
        node.model_copy(update={"parameters": {"task": "chicago_taxi"}}) for node in report.nodes
    )
    return report.model_copy(update={"summary": summary, "nodes": nodes})


def find(score: MlTestScore, section: Section, number: int) -> Item:
    """Find an item."""
    [item] = [one for one in score.items if (one.section, one.number) == (section, number)]
    return item


def change_gates(report: RunReport, kind: str, outcome: Outcome) -> RunReport:
    """Give all gates of a kind another outcome."""
    gates = tuple(
        gate.model_copy(update={"outcome": outcome, "passed": outcome is Outcome.PASSED})
        if gate.kind == kind
        else gate
        for gate in report.summary.gates
    )
    summary = report.summary.model_copy(update={"gates": gates})
    return report.model_copy(update={"summary": summary})


def test_there_are_seven_items_a_section(report: RunReport) -> None:
    """The rubric has 28 items, and the score is that of the weakest section."""
    score = score_run(report)

    assert [(item.section, item.number) for item in score.items] == [
        (section, number) for section in Section for number in range(1, 8)
    ]
    assert score.total == min(score.sections.values())


def test_points_come_with_evidence_and_their_lack_with_a_reason(report: RunReport) -> None:
    """Whoever has points shows why, and whoever lacks some says what."""
    for item in score_run(report).items:
        assert bool(item.points) == bool(item.evidence)
        assert bool(item.lacks) == (item.points < 1)
        assert item.points in (0, 0.5, 1)


def test_evidence_in_the_repository_is_there(report: RunReport) -> None:
    """Every path named is a file of this repository."""
    paths = [one.path for item in score_run(report).items for one in item.evidence if one.path]

    assert paths
    assert all((CODE_ROOT / path).is_file() for path in paths)


def test_without_the_repository_its_items_are_not_met(
    report: RunReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where tests and documents are gone, so are the points."""
    monkeypatch.setattr(ml_test_rubric, "CODE_ROOT", tmp_path)

    score = score_run(report)

    assert not [one for item in score.items for one in item.evidence if one.source == "repository"]
    assert find(score, Section.INFRASTRUCTURE, 3).points == 0
    assert score.total == 0


def test_a_test_that_is_renamed_is_no_evidence() -> None:
    """The function itself must stand in the file."""
    path = "tests/e2e/test_pipeline_run.py"

    assert find_in_repository(path, "def test_pushes_a_blessed_model(", "it")
    assert find_in_repository(path, "def test_pushes_a_blessed(", "it") is None
    assert find_in_repository("tests/none.py", "", "it") is None


def test_a_gate_that_refuses_is_no_evidence_of_fairness(report: RunReport) -> None:
    """Gaps that were judged and passed earn the point; gaps too wide, or unjudged, do not."""
    for outcome, points in ((Outcome.PASSED, 1), (Outcome.FAILED, 0), (Outcome.TOO_SMALL, 0)):
        score = score_run(change_gates(report, "fairness", outcome))
        assert find(score, Section.MODEL, 7).points == points


def test_a_refused_model_shows_that_models_are_validated(report: RunReport) -> None:
    """A gate that failed has held a model back, which is what it is for."""
    score = score_run(change_gates(report, "value", Outcome.FAILED))

    assert find(score, Section.INFRASTRUCTURE, 4).points == 1
    assert find(score, Section.MODEL, 6).points == 0


def test_without_a_model_nothing_of_it_is_met(report: RunReport) -> None:
    """A run that stopped at its data has no evidence of a model's quality."""
    summary = report.summary.model_copy(update={"gates": (), "metrics": ()})
    stopped = report.model_copy(update={"summary": summary, "model": None, "model_card": None})

    score = score_run(stopped)

    for section, number in (
        (Section.MODEL, 6),
        (Section.INFRASTRUCTURE, 4),
        (Section.MONITORING, 5),
    ):
        assert find(score, section, number).points == 0
