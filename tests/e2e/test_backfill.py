"""Every span in one command, ending in a table of them."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from pipelines.cli import main
from pipelines.records.exit_code import ExitCode
from pipelines.records.run_summary import Verdict
from pipelines.runner.backfill import BackfillSummary, describe_outcome
from tests.e2e.conftest import SAMPLE, Run

pytestmark = pytest.mark.slow

SPANS = ("2014-01-01", "2014-04-01")


def test_refused_spans_stand_in_the_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A refused span does not end the backfill; each has its line, and nothing was pushed."""
    header, *rows = SAMPLE.read_text(encoding="utf-8").splitlines()
    for span in SPANS:
        (tmp_path / "spans" / span).mkdir(parents=True)
        ragged = "\n".join([header, *rows[:50], "one,cell,too,few"])
        (tmp_path / "spans" / span / "data.csv").write_text(ragged, encoding="utf-8")
    json_path = tmp_path / "backfill.json"

    code = main(
        [
            *("backfill", "--config", "test", "--output", str(tmp_path / "output")),
            *("--set", f"data.spans_directory={tmp_path / 'spans'}", "--json", str(json_path)),
        ]
    )

    assert code == ExitCode.DONE
    done = BackfillSummary.model_validate_json(json_path.read_text(encoding="utf-8"))
    assert [outcome.span.isoformat() for outcome in done.spans] == list(SPANS)
    assert {outcome.verdict for outcome in done.spans} == {Verdict.DATA_REFUSED}
    assert not (tmp_path / "output" / "serving").exists()
    assert capsys.readouterr().out.count("data refused") >= len(SPANS)


def test_a_pushed_span_tells_rows_gates_and_version(first_run: Run) -> None:
    """What the table tells is what the run's summary holds."""
    summary = first_run.done

    outcome = describe_outcome(datetime.date(2014, 1, 1), summary, champion_version=None)

    assert outcome.rows == 1200
    assert outcome.training_rows == 705
    assert outcome.pushed_version == summary.pushed_version is not None
    assert outcome.gates_passed == sum(gate.passed for gate in summary.gates)
    assert outcome.drift is None
    assert outcome.champion_auc is None
