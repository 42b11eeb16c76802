"""The ML Test Score: evidence is found, never asserted."""

from __future__ import annotations

import pytest

from components.curated_schema.schema_diff import SchemaDifference
from components.model_validator.gate_result import Outcome
from pipelines.report.facts.ml_test_rubric import score_run
from pipelines.report.model.ml_test_score import RUBRIC, Item, MlTestScore, Section
from pipelines.report.model.run_report import RunReport
from tests.tiny_report import create_report


@pytest.fixture(scope="module")
def report() -> RunReport:
    """A report of a pushed model, built by hand, with a gate on the gaps between groups."""
    report = create_report()
    floor = report.summary.gates[0]
    gap = floor.model_copy(update={"name": "gap", "kind": "fairness", "slice": "pickup_side"})
    assert report.data is not None
    summary = report.summary.model_copy(
        update={"gates": (*report.summary.gates, gap), "data": report.data.verdict}
    )
    return report.model_copy(update={"summary": summary})


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
    """The rubric has 28 items, each with a name of its own."""
    score = score_run(report)

    assert [(item.section, item.number) for item in score.items] == [
        (section, number) for section in Section for number in range(1, 8)
    ]
    assert len({item.id for items in RUBRIC.values() for item in items}) == 28


def test_the_score_counts_what_a_run_can_show(report: RunReport) -> None:
    """Points are added up, and compared with the number of items that any run could show."""
    score = score_run(report)

    by_run = [item for item in score.items if item.shown_by == "run"]
    assert (score.total, score.max_total) == (sum(item.points for item in by_run), len(by_run))
    assert 0 < score.total <= score.max_total < 28
    assert score.max_total == sum(score.run_items.values())


def test_what_a_run_can_not_show_is_not_scored(report: RunReport) -> None:
    """It has no points and no evidence, and says where it is shown, or that it is not."""
    others = [item for item in score_run(report).items if item.shown_by != "run"]

    assert {item.shown_by for item in others} == {"tests", "nothing"}
    for item in others:
        assert (item.points, item.evidence) == (0, ())
        assert ("docs/ml-test-score.md" in item.lacks) == (item.shown_by == "tests")


def test_points_come_with_evidence_and_their_lack_with_a_reason(report: RunReport) -> None:
    """Whoever has points shows why, and whoever lacks some says what."""
    for item in score_run(report).items:
        assert bool(item.points) == bool(item.evidence)
        assert bool(item.lacks) == (item.points < 1)
        assert item.points in (0, 0.5, 1)


def test_an_input_that_the_schema_does_not_know_is_not_written_down(report: RunReport) -> None:
    """The curated schema must be there and know every input."""
    assert report.data is not None
    new = SchemaDifference("fare", "new column", "none", "float", is_refused=True)
    unknown = report.data.model_copy(update={"schema_differences": (new,)})
    freed = tuple(
        node.model_copy(
            update={
                "outputs": tuple(one.model_copy(update={"is_freed": True}) for one in node.outputs)
            }
        )
        for node in report.nodes
    )

    [schema, *_] = find(score_run(report), Section.DATA, 1).evidence
    assert schema.path == report.node("CuratedSchema").outputs[0].uri
    for changed in ({"data": unknown}, {"nodes": freed}):
        score = score_run(report.model_copy(update=changed))
        assert find(score, Section.DATA, 1).points == 0


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
