"""Every corrupted delivery ends as it should, and the table of them in the docs is true."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from pipelines.cli import main
from pipelines.records.exit_code import ExitCode
from pipelines.records.node_result import NodeState
from pipelines.records.run_summary import Verdict
from tests.e2e.conftest import Run, run_pipeline
from tests.e2e.corrupted_inputs import CORRUPTIONS, ROWS, Corruption, write_rows

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive]

TABLE = Path(__file__).parents[2] / "docs/corrupted-inputs.md"
REPEATED = "yesterday's file under today's date"
UPDATE_VARIABLE = "UPDATE_DOCS"
TRAINING_NODES = {"Transform", "Trainer", "Evaluator", "ModelValidator", "Pusher"}

_HEAD = """# Corrupted inputs

How a run answers each corrupted delivery, and its exit code: 0 accepted, 2 wrong usage, 3 data
refused. `tests/e2e/test_corrupted_inputs.py` runs them all after an accepted delivery; with
`UPDATE_DOCS=1` it writes this page.

| delivery | exit code | what the run says first |
|---|---|---|
"""


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An output root in which the sample was accepted once."""
    directory = tmp_path_factory.mktemp("corrupted")
    assert run_pipeline(directory, "--to", "DataGate").exit_code == ExitCode.DONE
    return directory


@pytest.fixture(scope="module")
def said() -> dict[str, tuple[int, str]]:
    """What each run said, by the corruption's name."""
    return {}


def _first_words(run: Run, errors: str, folder: Path) -> str:
    """Give the first thing that a run said of its data, without the folder's path."""
    text = errors.removeprefix("error: ").splitlines()[0] if errors.strip() else ""
    if run.summary is not None:
        problems = [problem.message for problem in run.summary.problems]
        findings = run.summary.data.findings if run.summary.data else ()
        text = next(iter([*problems, *(finding.message for finding in findings)]), "")
    text = text.replace(f"{folder}/", "").replace(str(folder), "the folder")
    return re.sub(r"\s+", " ", re.sub(r"statistics \d+", "statistics N", text))


@pytest.mark.parametrize("corruption", CORRUPTIONS, ids=lambda one: one.name.replace(" ", "-"))
def test_ends_as_it_should(
    corruption: Corruption,
    output: Path,
    tmp_path: Path,
    said: dict[str, tuple[int, str]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The right exit code, a message that names the fault, no training node started."""
    folder = tmp_path / "delivery"
    folder.mkdir()
    corruption.make(folder)

    run = run_pipeline(output, "--data", str(folder), "--to", "DataGate")
    words = _first_words(run, capsys.readouterr().err, folder)

    said[corruption.name] = (run.exit_code, words)
    assert run.exit_code == corruption.expected, words
    assert [name for name in corruption.named if name not in words] == []
    if corruption.expected == ExitCode.DATA_REFUSED:
        assert run.done.verdict is Verdict.DATA_REFUSED
        states = {node.id: node for node in run.done.nodes}
        assert {states[node].state for node in TRAINING_NODES} == {NodeState.SKIPPED}
        assert sum(states[node].seconds for node in TRAINING_NODES) == 0
    assert not run.layout.serving_root.exists()


def test_refuses_yesterdays_file_under_todays_date(
    output: Path, tmp_path: Path, said: dict[str, tuple[int, str]]
) -> None:
    """A span that holds the file of the span before is refused, and the file is named."""
    for date in ("2015-01-01", "2015-04-01"):
        (tmp_path / date).mkdir()
        write_rows(tmp_path / date, ROWS[:1100])
    spans = ["--set", f"data.spans_directory={tmp_path}", "--to", "DataGate", "--span"]

    assert run_pipeline(output, *spans, "2015-01-01").exit_code == ExitCode.DONE
    again = run_pipeline(output, *spans, "2015-04-01")

    words = _first_words(again, "", tmp_path)
    said[REPEATED] = (again.exit_code, words)
    assert again.exit_code == ExitCode.DATA_REFUSED
    assert "2015-04-01/trips.csv" in words


def test_the_table_in_the_docs_is_true(said: dict[str, tuple[int, str]]) -> None:
    """The page has a line for each corruption, with what the run really said."""
    if len(said) < len(CORRUPTIONS) + 1:
        pytest.skip("the table is made from all of them: run the whole module")
    lines = [
        f"| {name} | {code} | {words.replace('|', '/') or 'nothing: it is fine'} |"
        for name, (code, words) in said.items()
    ]
    page = _HEAD + "\n".join(lines) + "\n"
    if os.environ.get(UPDATE_VARIABLE):
        TABLE.write_text(page, encoding="utf-8")

    assert TABLE.read_text(encoding="utf-8") == page


def test_a_good_run_after_all_of_them_is_pushed(output: Path) -> None:
    """After every refusal the sample still runs to a pushed model."""
    assert main(["run", "--config", "test", "--output", str(output)]) == ExitCode.DONE
