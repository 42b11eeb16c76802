"""The page of the ML Test Score: evidence is what results say, and files that are there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.report.facts.ml_test_rubric import score_run
from pipelines.report.model.ml_test_score import RUBRIC, Item, Section
from tests.ml_test_score import SHOWINGS, read_outcomes, score_all, score_item, write_page
from tests.tiny_report import create_report

RULES = SHOWINGS["feature-rules"]
_TESTS = """
import pytest

@pytest.fixture
def broken():
    raise OSError

def test_opens(): pass
def test_closes(): assert False
def test_locks(broken): pass
def test_rings(): pytest.skip()

@pytest.mark.parametrize("number", [1, 2, 3])
def test_counts(number): assert number != 2
"""


@pytest.fixture(scope="module")
def by_run() -> tuple[Item, ...]:
    """All items, as a small run shows them."""
    return score_run(create_report()).items


def find(by_run: tuple[Item, ...], item_id: str) -> Item:
    """Find an item by its id."""
    ids = [item.id for items in RUBRIC.values() for item in items]
    return by_run[ids.index(item_id)]


def test_results_are_read_as_pytest_writes_them(tmp_path: Path) -> None:
    """A test is named by its file and function; of its parameters the worst counts."""
    path = tmp_path / "tests/rooms/test_doors.py"
    path.parent.mkdir(parents=True)
    path.write_text(_TESTS)
    results = tmp_path / "results.xml"

    command = [sys.executable, "-m", "pytest", "--rootdir=.", f"--junitxml={results}"]
    subprocess.run(command, cwd=tmp_path, stdout=subprocess.DEVNULL, check=False)

    assert read_outcomes(results) == {
        "tests/rooms/test_doors.py::test_opens": "passed",
        "tests/rooms/test_doors.py::test_closes": "failed",
        "tests/rooms/test_doors.py::test_locks": "failed",
        "tests/rooms/test_doors.py::test_rings": "skipped",
        "tests/rooms/test_doors.py::test_counts": "failed",
    }


@pytest.mark.parametrize("outcome", ["failed", "skipped", None])
def test_a_test_that_did_not_pass_leaves_its_item_without_points(
    by_run: tuple[Item, ...], outcome: str | None
) -> None:
    """Failed, skipped, or not among the results as after a renaming: it is told as such."""
    item = next(one for one in RUBRIC[Section.DATA] if one.id == "feature-rules")
    first, *rest = RULES.tests
    passed = dict.fromkeys(RULES.tests, "passed")
    changed = dict.fromkeys(rest, "passed") | ({first: outcome} if outcome else {})

    assert score_item(item, find(by_run, item.id), passed).points == 1
    score = score_item(item, find(by_run, item.id), changed)
    assert score.points == 0
    assert score.evidence[0].startswith(f"{outcome or 'not run'}: ")


def test_a_document_must_be_there(by_run: tuple[Item, ...], tmp_path: Path) -> None:
    """A document is a link where it is, and costs the points where it is not."""
    item = next(one for one in RUBRIC[Section.DATA] if one.id == "new-features")

    shown = score_item(item, find(by_run, item.id), {})
    gone = score_item(item, find(by_run, item.id), {}, root=tmp_path)

    assert (shown.points, gone.points) == (0.5, 0)
    assert "(../CONTRIBUTING.md)" in shown.evidence[0]
    assert "not there" in gone.evidence[0]


def test_what_a_run_can_show_it_must_show(by_run: tuple[Item, ...]) -> None:
    """Tests alone are no evidence of an item that a run is asked about."""
    item = next(one for one in RUBRIC[Section.MODEL] if one.id == "simpler-model")
    passed = dict.fromkeys(SHOWINGS[item.id].tests, "passed")
    in_run = find(by_run, item.id)
    shown = in_run.model_copy(update={"points": 1.0, "lacks": ""})

    assert in_run.points == 0
    assert score_item(item, in_run, passed).points == 0
    assert score_item(item, shown, passed).points == 1


def test_every_item_has_a_way_to_the_points_that_it_can_earn(by_run: tuple[Item, ...]) -> None:
    """Whoever can earn points names a run, a test or a document, and nobody else does."""
    items = [item for items in RUBRIC.values() for item in items]

    for item, in_run in zip(items, by_run, strict=True):
        has_way = in_run.shown_by == "run" or item.id in SHOWINGS
        assert has_way == (item.max_points > 0)
        assert bool(item.lacks) == (item.max_points < 1)
    assert set(SHOWINGS) <= {item.id for item in items}


def test_the_page_tells_every_item_and_the_weakest_section(by_run: tuple[Item, ...]) -> None:
    """All titles stand on the page, and the score is that of the weakest section."""
    everything = {test: "passed" for one in SHOWINGS.values() for test in one.tests}
    scores = score_all(by_run, everything)

    page = write_page(scores)

    assert all(item.title in page for items in RUBRIC.values() for item in items)
    weakest = min(sum(one.points for one in found) for found in scores.values())
    assert f"**{weakest:g} of 7**" in page
