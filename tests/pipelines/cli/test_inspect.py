"""The commands that look at runs, where there are many, and where some can't be read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.cli import main
from pipelines.config.layout import OutputLayout
from pipelines.records.exit_code import ExitCode
from pipelines.records.node_result import NodeResult, NodeState
from pipelines.report import publication
from pipelines.runs.recorded_run import load_run
from pipelines.runs.summaries import summarize_run
from tests.tiny_store import PIPELINE, TinyStore, compile_run


class _ReadCounter:
    """Counts how often files of a name are read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.names: list[str] = []
        read_bytes, read_text = Path.read_bytes, Path.read_text

        def count_bytes(path: Path) -> bytes:
            self.names.append(path.name)
            return read_bytes(path)

        def count_text(path: Path, *words: str, **options: str) -> str:
            self.names.append(path.name)
            return read_text(path, *words, **options)

        monkeypatch.setattr(Path, "read_bytes", count_bytes)
        monkeypatch.setattr(Path, "read_text", count_text)


def _end_runs(layout: OutputLayout, count: int) -> list[str]:
    """Leave runs that have ended, each with its summary."""
    store = TinyStore.open(layout.metadata_store, PIPELINE)
    names = [f"run-{number}" for number in range(count)]
    for minutes, run_id in enumerate(names):
        compile_run(layout, run_id, minutes)
        store.record(run_id, "Reader")
        publication.save_summary(layout, summarize_run(load_run(layout, run_id)))
    return names


def test_each_run_is_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """``runs`` reads one description and one summary a run, however many there are."""
    layout = OutputLayout(tmp_path)
    names = _end_runs(layout, 12)
    reads = _ReadCounter(monkeypatch)

    assert main(["runs", "--output", str(tmp_path)]) == ExitCode.DONE

    listed = capsys.readouterr().out
    assert all(name in listed for name in names)
    assert reads.names.count("description.json") == len(names)
    assert reads.names.count("summary.json") == len(names)


def test_pages_written_before_files_are_freed_cost_one_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``gc`` writes the page of all runs once, and looks for no run twice."""
    layout = OutputLayout(tmp_path)
    names = _end_runs(layout, 9)
    reads = _ReadCounter(monkeypatch)

    assert main(["gc", "--keep", "1", "--output", str(tmp_path)]) == ExitCode.DONE

    assert layout.reports_index_path.is_file()
    assert all(layout.report_path(name).is_file() for name in names[:-1])
    # One list for the command, one for the index, and each description once for its own page.
    assert reads.names.count("description.json") == 2 * len(names) + len(names) - 1


def test_a_run_that_cannot_be_read_hides_no_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``runs`` lists the others, and names the file, what is missing in it and what to do."""
    layout = OutputLayout(tmp_path)
    broken, half, good = _end_runs(layout, 3)
    layout.run(broken).description_path.write_text('{"name": "trips"}')
    layout.run(half).summary_path.write_text('{"run_id": "half')

    assert main(["runs", "--output", str(tmp_path)]) == ExitCode.DONE

    told = capsys.readouterr()
    assert good in told.out
    assert half in told.out
    assert broken not in told.out
    [line] = [line for line in told.err.splitlines() if line.startswith("warning: ")]
    assert str(layout.run(broken).description_path) in line
    assert "compiled_at is missing" in line


def test_a_run_of_which_nothing_can_be_read_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``show`` and ``explain`` say which file can't be read, and give no traceback."""
    layout = OutputLayout(tmp_path)
    [run_id] = _end_runs(layout, 1)
    layout.run(run_id).summary_path.unlink()
    layout.run(run_id).description_path.write_text("{}")

    for words in (["show"], ["show", run_id], ["explain", run_id], ["report", run_id]):
        assert main([*words, "--output", str(tmp_path)]) == ExitCode.FAILED
        [line] = capsys.readouterr().err.splitlines()
        assert line.startswith(f"error: {layout.run(run_id).description_path} can't be read")


def test_a_summary_of_another_version_is_read_or_made_anew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Unknown fields are passed over; where one is missing, the store tells, and a line says so."""
    layout = OutputLayout(tmp_path)
    [run_id] = _end_runs(layout, 1)
    path = layout.run(run_id).summary_path
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, "reason": "because", "weather": "fair"}))

    assert main(["show", "--output", str(tmp_path), "--json", "-"]) == ExitCode.DONE
    assert json.loads(capsys.readouterr().out)["reason"] == "because"

    del content["verdict"]
    path.write_text(json.dumps({**content, "reason": "because"}))

    assert main(["show", "--output", str(tmp_path), "--json", "-"]) == ExitCode.DONE
    assert (
        json.loads(capsys.readouterr().out)["reason"] == "Counter was not run; nothing was pushed"
    )
    assert "verdict is missing" in caplog.text


def test_what_a_run_of_unknown_age_needs_is_not_freed(tmp_path: Path) -> None:
    """Where a description can't be read, the run may be the newest: ``gc`` keeps its files."""
    layout = OutputLayout(tmp_path)
    store = TinyStore.open(layout.metadata_store, PIPELINE)
    for minutes, run_id in enumerate(("old", "broken", "new")):
        compile_run(layout, run_id, minutes)
        folder = layout.pipeline_root / run_id
        folder.mkdir(parents=True)
        store.record(run_id, "Reader", outputs={"k": store.create_artifact("Examples", folder)})
    layout.run("broken").description_path.write_text("{}")

    assert main(["gc", "--keep", "1", "--output", str(tmp_path)]) == ExitCode.DONE

    assert {path.name for path in layout.pipeline_root.iterdir()} == {"broken", "new"}


def test_results_name_their_version() -> None:
    """What a node leaves says in which form it is."""
    assert NodeResult(id="Reader", state=NodeState.DONE).model_dump()["format_version"] == 1
