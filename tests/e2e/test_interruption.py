"""Ctrl-C in the middle of a run, as a user at a terminal would press it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import ml_metadata
import pytest
from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipelines.config.layout import OutputLayout
from pipelines.records.exit_code import ExitCode
from pipelines.records.run_summary import RunSummary, Verdict
from tests.e2e.conftest import run_pipeline

pytestmark = pytest.mark.slow

_WAIT_SECONDS = 120


def _start_run(output: Path, screen: Path) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "pipelines", "run", "--config", "test", "--output", str(output)]
    with screen.open("wb") as file:
        return subprocess.Popen(
            words,
            stdout=file,
            stderr=subprocess.STDOUT,
            cwd=Path(__file__).parents[2],
            start_new_session=True,
        )


def _wait_for(text: str, screen: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _WAIT_SECONDS
    while text not in screen.read_text():
        assert process.poll() is None, screen.read_text()
        assert time.monotonic() < deadline, screen.read_text()
        time.sleep(0.1)


def _list_states(layout: OutputLayout) -> set[int]:
    config = mlmd.ConnectionConfig()
    config.sqlite.filename_uri = str(layout.metadata_path)
    executions = ml_metadata.MetadataStore(config).get_executions()
    return {execution.last_known_state for execution in executions}


def test_ctrl_c_leaves_nothing_half_done(tmp_path: Path) -> None:
    """The run ends at once with exit code 1, no execution stays open, and the next run is good."""
    output, screen = tmp_path / "output", tmp_path / "screen.txt"
    process = _start_run(output, screen)
    _wait_for("Transform started", screen, process)

    os.killpg(process.pid, signal.SIGINT)

    assert process.wait(timeout=60) == ExitCode.FAILED
    assert "stopped by the user" in screen.read_text()
    assert "Traceback" not in screen.read_text()
    layout = OutputLayout(output)
    assert mlmd.Execution.RUNNING not in _list_states(layout)
    assert not list(layout.pipeline_root.glob("Transform/transform_graph/*"))

    good = run_pipeline(output)
    assert good.exit_code == ExitCode.DONE
    assert next(node.cached for node in good.done.nodes if node.id == "StatisticsGen")


def test_ctrl_c_while_the_page_is_drawn_leaves_a_page_that_says_so(tmp_path: Path) -> None:
    """The page of a run stopped once its data is judged says that, and shows the data."""
    output, screen = tmp_path / "output", tmp_path / "screen.txt"
    process = _start_run(output, screen)
    _wait_for("DataGate done", screen, process)

    # As a terminal does it: the processes that draw and that run nodes hear it too.
    os.killpg(process.pid, signal.SIGINT)

    assert process.wait(timeout=60) == ExitCode.FAILED
    assert "Traceback" not in screen.read_text()
    [run_directory] = OutputLayout(output).runs_directory.iterdir()
    summary = RunSummary.model_validate_json((run_directory / "summary.json").read_text())
    assert summary.interrupted
    assert summary.verdict is Verdict.FAILED
    assert summary.pushed_version is None
    assert summary.report is not None
    page = Path(summary.report).read_text()
    assert "Stopped by the user" in page
    assert "pickup_community_area" in page


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_run_that_is_terminated_ends_as_by_ctrl_c(tmp_path: Path, number: signal.Signals) -> None:
    """A container that is stopped, or a terminal that is closed, leaves a summary that says so."""
    output, screen = tmp_path / "output", tmp_path / "screen.txt"
    process = _start_run(output, screen)
    _wait_for("CsvExampleGen started", screen, process)

    process.send_signal(number)

    assert process.wait(timeout=60) == ExitCode.FAILED
    assert "stopped by the user" in screen.read_text()
    layout = OutputLayout(output)
    [run_directory] = layout.runs_directory.iterdir()
    summary = RunSummary.model_validate_json((run_directory / "summary.json").read_text())
    assert summary.interrupted
    assert mlmd.Execution.RUNNING not in _list_states(layout)
