"""Bad input: a refusal or a usage error that names the fault, and nothing pushed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.records.exit_code import ExitCode
from pipelines.records.node_result import NodeState
from pipelines.records.run_summary import Verdict
from tests.e2e.conftest import SAMPLE, Run, RunPipeline

pytestmark = pytest.mark.slow

HEADER, *LINES = SAMPLE.read_text(encoding="utf-8").splitlines()
COLUMNS = HEADER.split(",")


def _replace_cell(line: str, column: str, value: str) -> str:
    cells = line.split(",")
    cells[COLUMNS.index(column)] = value
    return ",".join(cells)


def _drop_column(lines: list[str], column: str) -> list[str]:
    place = COLUMNS.index(column)
    return [",".join(cells[:place] + cells[place + 1 :]) for cells in (x.split(",") for x in lines)]


def _write(directory: Path, lines: list[str]) -> None:
    (directory / "trips.csv").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _make_empty(directory: Path) -> None:
    (directory / "trips.csv").touch()


def _make_header_only(directory: Path) -> None:
    _write(directory, [HEADER])


def _make_missing_column(directory: Path) -> None:
    _write(directory, _drop_column([HEADER, *LINES], "fare"))


def _make_misspelt_column(directory: Path) -> None:
    _write(directory, [HEADER.replace("payment_type", "payment_tpye"), *LINES])


def _make_text_in_number(directory: Path) -> None:
    _write(directory, [HEADER, LINES[0], _replace_cell(LINES[1], "fare", "cheap"), *LINES[2:]])


def _make_ragged(directory: Path) -> None:
    _write(directory, [HEADER, *LINES[:5], LINES[5] + ",more", *LINES[6:]])


def _make_unreadable(directory: Path) -> None:
    (directory / "trips.csv").write_bytes(HEADER.encode() + b"\n\xff\xfe\x00\n")


CASES: list[tuple[Callable[[Path], None], list[str]]] = [
    (_make_empty, ["trips.csv", "empty"]),
    (_make_header_only, ["trips.csv", "row"]),
    (_make_missing_column, ["trips.csv", "fare"]),
    (_make_misspelt_column, ["trips.csv", "payment_tpye", "payment_type"]),
    (_make_text_in_number, ["trips.csv", "fare", "cheap", "3"]),
    (_make_ragged, ["trips.csv", "7", "19", "18"]),
    (_make_unreadable, ["trips.csv", "2"]),
]


@pytest.mark.parametrize(("make", "named"), CASES, ids=[make.__name__[6:] for make, _ in CASES])
def test_refuses_bad_data_in_one_screen(
    run: RunPipeline,
    first_run: Run,
    make: Callable[[Path], None],
    named: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Exit code 3, one screen that names file, column and rule, and no further node."""
    make(tmp_path)

    refused = run("--data", str(tmp_path))
    screen = capsys.readouterr().out

    assert refused.exit_code == ExitCode.DATA_REFUSED
    assert refused.done.verdict is Verdict.DATA_REFUSED
    message = refused.done.problems[0].message
    assert [word for word in named if word not in message] == []
    assert "Traceback" not in screen
    assert len(screen.splitlines()) < 60
    states = {node.id: node.state for node in refused.done.nodes}
    assert states["CsvExampleGen"] is NodeState.DATA_REFUSED
    assert states["StatisticsGen"] is states["Pusher"] is NodeState.SKIPPED


@pytest.mark.parametrize("folder", ["missing", "without_csv"])
def test_refuses_a_folder_without_data_as_wrong_usage(
    run: RunPipeline, folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2 and one line that names the folder, before anything is started."""
    (tmp_path / "without_csv").mkdir()

    wrong = run("--data", str(tmp_path / folder))

    assert wrong.exit_code == ExitCode.USAGE
    assert wrong.summary is None
    [line] = capsys.readouterr().err.splitlines()
    assert "--data" in line
    assert folder in line


def test_next_good_run_is_unharmed(run: RunPipeline, second_run: Run, tmp_path: Path) -> None:
    """After a refusal the same pipeline runs on good data, from its cache."""
    _make_ragged(tmp_path)
    run("--data", str(tmp_path))

    good = run()

    assert good.exit_code == ExitCode.DONE
    assert good.done.pushed_version == second_run.done.pushed_version
    assert next(node.cached for node in good.done.nodes if node.id == "Trainer")
