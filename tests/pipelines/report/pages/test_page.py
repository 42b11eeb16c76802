"""What stands on the pages, without a browser."""

from __future__ import annotations

import re

import pytest

from pipelines.records.run_summary import Verdict
from pipelines.report.model.run_comparison import (
    ColumnChange,
    GateChange,
    MetricChange,
    NodeChange,
    ParameterChange,
    RunComparison,
)
from pipelines.report.model.run_index import ChampionStep, IndexedRun, RunIndex
from pipelines.report.pages.comparison_page import render_comparison
from pipelines.report.pages.index_page import render_index
from pipelines.report.pages.run_page import render_report
from pipelines.runs.champion import ChampionState
from tests.tiny_report import HOSTILE, RUN_ID, STARTED, create_report

SECTIONS = (
    "verdict",
    "pipeline",
    "data",
    "anomalies",
    "model",
    "gates",
    "lineage",
    "model-card",
    "test-score",
)


def read_text(page: str) -> str:
    """Read the text of a page, without tags and doubled spaces."""
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


def create_index(*verdicts: Verdict) -> RunIndex:
    """Create the index of runs that ended so."""
    return RunIndex(
        pipeline="chicago_taxi",
        output_root="artifacts/chicago_taxi",
        runs=tuple(
            IndexedRun(
                summary=create_report(verdict).summary.model_copy(
                    update={"run_id": f"{RUN_ID}{i}"}
                ),
                started_at=STARTED,
                span="2014-01-01",
                rows=15_002,
                page=f"{RUN_ID}{i}/index.html",
            )
            for i, verdict in enumerate(verdicts)
        ),
        champion=ChampionState(
            model_id=1, model_uri="model/1", version=7, serving_versions=(7,), changes=()
        ),
        history=(
            ChampionStep(
                when=STARTED, what="rollback", version=7, run_id=None, who="ada", reason=HOSTILE
            ),
        ),
        notes=(f"run 3 can't be read: {HOSTILE}",),
    )


def create_comparison() -> RunComparison:
    """Create the comparison of a pushed and a refused run."""
    before, after = create_report(), create_report(Verdict.MODEL_REFUSED)
    assert before.data is not None
    distance = before.data.features[0].comparisons[0].distance
    return RunComparison(
        before=before,
        after=after,
        metrics=(MetricChange(name="auc", before=0.96, after=0.95),),
        gates=tuple(
            GateChange(name=one.name, rule=one.rule, slice=one.slice, before=one, after=other)
            for one, other in zip(before.summary.gates, after.summary.gates, strict=True)
        ),
        parameters=(
            ParameterChange(node="Trainer", name="settings.seed", before="1", after=HOSTILE),
        ),
        columns=(
            ColumnChange(
                feature="company",
                distance=distance,
                limit=0.03,
                missing_before=0.1,
                missing_after=0.2,
            ),
            ColumnChange(
                feature="new", distance=None, limit=None, missing_before=None, missing_after=0.0
            ),
        ),
        nodes=(
            NodeChange(
                node="Trainer",
                state_before="done",
                state_after="cached",
                seconds_before=4.0,
                seconds_after=0.1,
            ),
        ),
    )


@pytest.mark.parametrize("verdict", list(Verdict))
def test_every_page_has_every_section(verdict: Verdict) -> None:
    """However a run ended, nine sections follow each other, the verdict first."""
    page = render_report(create_report(verdict))
    assert tuple(re.findall(r'<section id="([^"]*)"', page)) == SECTIONS


@pytest.mark.parametrize("verdict", list(Verdict))
def test_nothing_of_the_data_becomes_markup(verdict: Verdict) -> None:
    """A hostile name is escaped wherever it stands, and no handler or style is inline."""
    page = render_report(create_report(verdict))
    assert HOSTILE not in page
    assert not re.search(r"<[^>]*\s(on\w+|style)=", page.partition("</style>")[2])


def test_absent_facts_are_explained_in_a_sentence() -> None:
    """A section without facts says why there are none."""
    text = read_text(render_report(create_report(Verdict.FAILED)))
    assert "There are no statistics of the data: CsvExampleGen failed." in text
    assert "No gate was applied: CsvExampleGen failed." in text
    refused = read_text(render_report(create_report(Verdict.DATA_REFUSED)))
    assert "There is no model to show: DataGate refused the data." in refused


def test_refused_model_names_the_gate_first() -> None:
    """The reason stands right under the verdict."""
    text = read_text(render_report(create_report(Verdict.MODEL_REFUSED)))
    assert text.index("auc 0.9611 against at least 0.99") < text.index("Select a node")


def test_slices_too_small_to_judge_come_last() -> None:
    """The worst slice is the worst of those that a gate can judge."""
    report = create_report()
    assert report.model is not None
    small, *large = report.model.slices
    gate = report.summary.gates[0]
    judged = tuple(one.model_copy(update={"gates": (gate,)}) for one in large)
    model = report.model.model_copy(update={"slices": (small, *judged)})
    page = render_report(report.model_copy(update={"model": model}))
    table = page[page.index('id="slices"') :]
    assert table.index("Blue Cab") < table.index("Sun") < table.index("alert(1)")


def test_index_lists_runs_newest_first() -> None:
    """Every run stands there with its verdict and a link to its page."""
    page = render_index(create_index(Verdict.PUSHED, Verdict.FAILED))
    assert page.index(f"{RUN_ID}1/index.html") < page.index(f"{RUN_ID}0/index.html")
    assert "Version 7 is the champion." in read_text(page)
    assert HOSTILE not in page


def test_index_of_no_runs_says_how_to_make_one() -> None:
    """An empty index is a page too."""
    assert "make run-local" in read_text(render_index(create_index()))


def test_comparison_shows_what_differs() -> None:
    """Metrics, gates, parameters, columns and nodes of both runs stand side by side."""
    page = render_comparison(create_comparison())
    text = read_text(page)
    assert "AUC 0.9600 0.9500 −0.0100" in text
    assert "2 of 2 gates differ in outcome or limit" in text
    assert "settings.seed" in text
    assert "company has grown" not in text
    assert HOSTILE not in page
