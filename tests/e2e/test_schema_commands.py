"""``schema diff`` and ``schema accept`` on a run whose data has something new."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from pipelines.cli import main
from pipelines.cli import schema as cli_schema
from pipelines.config.layout import OutputLayout
from pipelines.records.exit_code import ExitCode
from pipelines.runs.summaries import load_summary
from schemas.feature_table import get_schema_path
from tests.e2e.conftest import run_pipeline
from tests.e2e.corrupted_inputs import ROWS, set_cells, write_rows

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The output root of a run that was refused for a new payment type."""
    directory = tmp_path_factory.mktemp("schema")
    delivery = directory / "delivery"
    delivery.mkdir()
    rows = list(ROWS)
    rows[::100] = set_cells(rows[::100], "payment_type", lambda _: "Barter")
    write_rows(delivery, rows)
    output = directory / "output"
    words = ["--data", str(delivery), "--to", "DataGate", "--to", "SchemaGen"]
    assert run_pipeline(output, *words).exit_code == ExitCode.DATA_REFUSED
    return ["--config", "test", "--output", str(output)]


def test_diff_names_what_is_new(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """The difference has the column and the new value."""
    assert main(["schema", "diff", *options]) == ExitCode.DONE

    shown = " ".join(capsys.readouterr().out.split())
    assert "payment_type" in shown
    assert "Barter" in shown


def test_accept_writes_one_columns_change(
    options: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The command that the refusal names adds the new value and nothing else, and once only."""
    path = tmp_path / "schema.pbtxt"
    shutil.copy(get_schema_path("chicago_taxi"), path)
    before = path.read_text().splitlines()
    monkeypatch.setattr(cli_schema, "get_schema_path", lambda _: path)

    [problem] = load_summary(OutputLayout(Path(options[-1]))).problems
    named = re.search("`python -m pipelines (.*)`", problem.message)
    assert named is not None
    words = [*shlex.split(named[1]), *options]
    assert main(words) == ExitCode.DONE

    added = [line for line in path.read_text().splitlines() if line not in before]
    assert len(added) == 1
    assert "Barter" in added[0]
    capsys.readouterr()
    assert main(words) == ExitCode.DONE
    assert "nothing to accept" in capsys.readouterr().out


def test_accept_refuses_a_column_that_there_is_not(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """An unknown column is wrong usage, in one line."""
    words = ["schema", "accept", "latest", "--feature", "no_such_column", *options]

    assert main(words) == ExitCode.USAGE
    [line] = capsys.readouterr().err.splitlines()
    assert "no_such_column" in line
    assert line.count("--feature") == 1
