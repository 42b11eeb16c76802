"""Write ``docs/ml-test-score.md``: what tests, documents and one run show of the ML Test Score.

``make ml-test-score`` runs the pipeline twice on the default data, the second time with a champion
to compare with, runs the tests named here, and writes the page from the results of both.
"""

from __future__ import annotations

import argparse
import dataclasses
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

from pipelines.report.model.ml_test_score import RUBRIC, Item, RubricItem, Section
from pipelines.report.model.run_report import RunReport

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/ml-test-score.md"
RESULTS = ROOT / "artifacts/ml-test-score/results.xml"
_WORST_FIRST = ("failed", "skipped", "passed")
_SCALE = (
    (0.0, "more of a research project than a production system"),
    (1.0, "not wholly untested, but serious holes in reliability are likely"),
    (2.0, "a first pass at productionization; more is worth doing"),
    (3.0, "reasonably tested; more of it could be automated"),
    (5.0, "strongly tested and monitored"),
    (7.0, "exceptionally tested and monitored"),
)
"""Most points of the weakest section, and what they say of readiness, after the rubric's scale."""


@dataclasses.dataclass(frozen=True)
class Showing:
    """What shows an item, beside a run.

    Attributes:
        tests: Node ids, without parameters, of tests that must all pass.
        documents: What documents hold, by their path below the repository's root.
    """

    tests: tuple[str, ...] = ()
    documents: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class ItemScore:
    """One item with all that was found of it.

    Attributes:
        item: The item.
        points: 0 to the item's most: all of its evidence must be there for any.
        evidence: One line each, in Markdown.
    """

    item: RubricItem
    points: float
    evidence: tuple[str, ...]


SHOWINGS: Mapping[str, Showing] = {
    "feature-rules": Showing(
        tests=(
            "tests/schemas/test_feature_table.py::test_only_an_input_has_transformations",
            "tests/schemas/chicago_taxi/test_schema.py::test_what_the_label_is_made_of_is_absent_at_serving",
        )
    ),
    "new-features": Showing(
        documents={
            "CONTRIBUTING.md": "a column is one entry of the feature table",
            "docs/another-task.md": "a new task step by step",
        }
    ),
    "feature-code": Showing(
        tests=(
            "tests/components/transform/test_preprocessing.py::test_scales_by_the_analyzed_rows",
            "tests/components/transform/test_preprocessing.py::test_sends_unseen_and_rare_categories_to_the_last_index",
            "tests/components/transform/test_preprocessing.py::test_cuts_amounts_into_steps_of_whole_cents",
        )
    ),
    "reviewed-models": Showing(documents={"CONTRIBUTING.md": "how a change is made and checked"}),
    "simpler-model": Showing(
        tests=(
            "tests/components/model_validator/test_judgement.py::test_trivial_models_must_be_beaten",
        )
    ),
    "reproducible-training": Showing(
        tests=(
            "tests/components/trainer/test_training.py::test_gives_the_same_model_for_the_same_seed",
        )
    ),
    "model-code": Showing(
        tests=(
            "tests/components/trainer/test_model.py::test_gives_one_probability_per_row",
            "tests/components/trainer/test_model.py::test_embeds_each_index_in_the_configured_width",
            "tests/components/trainer/test_training.py::test_learns_what_is_there_to_learn",
        )
    ),
    "whole-pipeline": Showing(
        tests=("tests/e2e/test_pipeline_run.py::test_pushes_a_blessed_model",)
    ),
    "validated-models": Showing(
        tests=("tests/e2e/test_reruns.py::test_refuses_a_model_that_misses_a_gate",)
    ),
    "rollback": Showing(
        tests=("tests/e2e/test_champion_cycle.py::test_rolls_back_and_compares_with_what_serves",)
    ),
    "dependencies": Showing(
        documents={"requirements/lock.txt": "every package is locked to a version"}
    ),
    "input-invariants": Showing(
        tests=("tests/e2e/test_bad_input.py::test_refuses_bad_data_in_one_screen",)
    ),
    "same-answers": Showing(
        tests=(
            "tests/components/trainer/test_serving.py::test_serialized_and_raw_rows_get_the_same_answer",
        )
    ),
    "finite-numbers": Showing(
        tests=(
            "tests/components/model_validator/test_judgement.py::test_a_floor_holds_to_the_limit_and_fails_closed",
        )
    ),
}
"""By the item's id; an item that is not here is shown by a run alone, or by nothing."""


def read_outcomes(results: Path) -> dict[str, str]:
    """Read how tests ended.

    Args:
        results: JUnit XML, as ``pytest --junitxml`` writes it from the repository's root.

    Returns:
        ``passed``, ``skipped`` or ``failed`` by node id without parameters; the worst of all
        parameters. A test whose fixture raised has failed.
    """
    outcomes: dict[str, str] = {}
    for case in ElementTree.parse(results).iter("testcase"):
        module = case.attrib["classname"].replace(".", "/")
        node_id = f"{module}.py::{case.attrib['name'].partition('[')[0]}"
        found = {child.tag for child in case}
        outcome = "passed"
        if found & {"failure", "error"}:
            outcome = "failed"
        elif "skipped" in found:
            outcome = "skipped"
        outcomes[node_id] = min(outcome, outcomes.get(node_id, outcome), key=_WORST_FIRST.index)
    return outcomes


def score_item(
    item: RubricItem, by_run: Item, outcomes: Mapping[str, str], root: Path = ROOT
) -> ItemScore:
    """Score an item by all that may show it.

    Args:
        by_run: The same, as a run shows it.
        outcomes: How tests ended; a test that is not in there was not run, and shows nothing.
        root: Folder that documents are looked up below.
    """
    showing = SHOWINGS.get(item.id, Showing())
    is_shown = [by_run.points > 0] if by_run.shown_by == "run" else []
    lines = [f"a run: {evidence.text}" for evidence in by_run.evidence]
    if by_run.shown_by == "run" and not by_run.points:
        lines.append(f"a run: not shown; {by_run.lacks}")
    for test in showing.tests:
        outcome = outcomes.get(test, "not run")
        is_shown.append(outcome == "passed")
        path, _, name = test.partition("::")
        lines.append(f"{outcome}: `{name}` in `{path}`")
    for path, words in showing.documents.items():
        is_there = (root / path).is_file()
        is_shown.append(is_there)
        link = f"[{path}](../{path})" if is_there else f"`{path}`, which is not there"
        lines.append(f"document: {words}: {link}")
    points = item.max_points if is_shown and all(is_shown) else 0
    return ItemScore(item, points, tuple(lines))


def score_all(
    by_run: Iterable[Item], outcomes: Mapping[str, str]
) -> dict[Section, list[ItemScore]]:
    """Score all items.

    Args:
        by_run: All 28 items, as a run shows them.
        outcomes: How tests ended.
    """
    places = {(item.section, item.number): item for item in by_run}
    return {
        section: [
            score_item(item, places[section, number], outcomes)
            for number, item in enumerate(items, start=1)
        ]
        for section, items in RUBRIC.items()
    }


def write_page(scores: Mapping[Section, Sequence[ItemScore]]) -> str:
    """Write the page, in Markdown."""
    points = {section: sum(one.points for one in found) for section, found in scores.items()}
    total = min(points.values())
    meaning = next(words for most, words in _SCALE if total <= most)
    lines = [
        "# ML Test Score",
        "",
        "Written by `make ml-test-score` from the results of a run and of the tests; not by hand.",
        "",
        'The rubric is that of Breck, Cai, Nielsen, Salib and Sculley, "The ML Test Score" (IEEE',
        "Big Data 2017): 28 items in four sections, 1 point for what is done automatically, ½ for",
        "what is documented or done in part. An item has points where all of its evidence is",
        "there: the run shows it, every test named passed, every document is there. The score is",
        "that of the weakest section. What one run shows stands on its page",
        "([report.md](report.md)).",
        "",
        f"**{total:g} of 7**: {meaning}.",
        "",
        "| section | points |",
        "|---|---:|",
        *(f"| {section.value} | {points[section]:g} of 7 |" for section in scores),
    ]
    for section, found in scores.items():
        lines += ["", f"## {section.value}"]
        for number, score in enumerate(found, start=1):
            lines += ["", f"**{number}. {score.item.title}** {_write_points(score.points)}", ""]
            lines += [f"- {line}" for line in score.evidence]
            if score.points < 1 and score.item.lacks:
                lines.append(f"- lacks: {score.item.lacks}")
    return "\n".join(lines) + "\n"


def _write_points(points: float) -> str:
    return {1.0: "1 point", 0.5: "½ point"}.get(points, "0 points")


def run_tests(results: Path) -> None:
    """Run the tests that items name, and write their results; tests that fail are results too.

    Args:
        results: JUnit XML to write.

    Raises:
        FileNotFoundError: If pytest wrote none.
    """
    tests = {test.partition("::")[::2] for one in SHOWINGS.values() for test in one.tests}
    files = sorted({path for path, _ in tests if (ROOT / path).is_file()})
    # By words, not by node ids: pytest runs nothing at all where one id is unknown.
    words = " or ".join(sorted({name for _, name in tests}))
    results.parent.mkdir(parents=True, exist_ok=True)
    results.unlink(missing_ok=True)
    subprocess.run(
        [sys.executable, "-m", "pytest", *files, "-k", words, f"--junitxml={results}"],
        cwd=ROOT,
        check=False,
    )
    if not results.is_file():
        raise FileNotFoundError(f"{results}: pytest wrote no results; what it printed says why")


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.ml_test_score", description=__doc__)
    parser.add_argument(
        "--report", type=Path, required=True, help="a run, as `pipelines report --json` wrote it"
    )
    parser.add_argument(
        "--results", type=Path, help="JUnit XML of tests that ran; without it the tests are run"
    )
    options = parser.parse_args()
    report = RunReport.model_validate_json(options.report.read_text(encoding="utf-8"))
    if options.results is None:
        run_tests(RESULTS)
    outcomes = read_outcomes(options.results or RESULTS)
    scores = score_all(report.test_score.items, outcomes)
    PAGE.write_text(write_page(scores), encoding="utf-8")
    sys.stdout.write(f"{PAGE.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
