"""``node``: what a scheduler calls, one process a node."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipelines.cli import main
from pipelines.compiler.compiled_file import read_compiled_file
from pipelines.config.layout import OutputLayout
from pipelines.launcher.stale_executions import get_node_lock
from pipelines.records.exit_code import ExitCode
from pipelines.records.node_result import NodeResult, NodeState

pytestmark = pytest.mark.slow

_WAIT_SECONDS = 120


@pytest.fixture(scope="module")
def ir_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ``test`` environment, compiled with an output root of its own."""
    directory = tmp_path_factory.mktemp("compiled")
    words = ["compile", "--config", "test", "--set", f"output_root={directory / 'output'}"]
    path = directory / "pipeline.json"
    files = ["--ir", str(path), "--description", str(directory / "description.json")]
    assert main([*words, *files]) == ExitCode.DONE
    return path


def _run_node(ir_path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pipelines", "node", "--ir", str(ir_path), "--run-id", "1", *words],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )


def test_runs_one_node_and_tells_how_it_ended(ir_path: Path, tmp_path: Path) -> None:
    """One node runs by itself, with exit code 0 and its result as JSON."""
    json_path = tmp_path / "result.json"

    done = _run_node(ir_path, "--node", "CsvExampleGen", "--json", str(json_path))

    assert done.returncode == ExitCode.DONE
    result = NodeResult.model_validate_json(json_path.read_text())
    assert result.state is NodeState.DONE
    assert result.rows.written["csv"] == 1200


def test_names_a_node_that_there_is_not(ir_path: Path) -> None:
    """An unknown node is wrong usage, and the nodes that there are are named."""
    done = _run_node(ir_path, "--node", "Nowhere")

    assert done.returncode == ExitCode.USAGE
    assert "Nowhere" in done.stderr.splitlines()[-1]
    assert "CsvExampleGen" in done.stderr.splitlines()[-1]


def test_fails_a_node_whose_inputs_are_not_there(ir_path: Path) -> None:
    """A node without its upstream fails in one line, where TFX's launcher returns quietly."""
    done = _run_node(ir_path, "--node", "Transform")

    assert done.returncode == ExitCode.FAILED
    assert "upstream" in done.stderr.splitlines()[-1]


def test_sigterm_stops_the_node(ir_path: Path) -> None:
    """A scheduler that stops the command stops the node: it fails, and can be run again."""
    layout = OutputLayout(read_compiled_file(ir_path).output_root)
    words = ["node", "--ir", str(ir_path), "--run-id", "stopped", "--node", "CuratedSchema"]
    # While its lock is held here, the node waits before its start.
    with get_node_lock(layout, "stopped", "CuratedSchema").hold():
        process = subprocess.Popen(
            [sys.executable, "-m", "pipelines", *words],
            cwd=Path(__file__).parents[2],
            stderr=subprocess.PIPE,
            text=True,
        )
        while not layout.run("stopped").log_path("CuratedSchema").exists():
            assert process.poll() is None
            time.sleep(0.05)
        process.terminate()
        _, said = process.communicate(timeout=_WAIT_SECONDS)

    assert process.returncode == ExitCode.FAILED
    assert said.startswith("CuratedSchema: failed: ")
    assert main(words) == ExitCode.DONE


def test_a_cold_worker_does_the_same(ir_path: Path, tmp_path: Path) -> None:
    """Without the shared server the node runs in a process that imports TFX itself."""
    json_path = tmp_path / "result.json"

    done = _run_node(
        ir_path, "--node", "CuratedSchema", "--worker", "cold", "--json", str(json_path)
    )

    assert done.returncode == ExitCode.DONE
    assert NodeResult.model_validate_json(json_path.read_text()).is_good
