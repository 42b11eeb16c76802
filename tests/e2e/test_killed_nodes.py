"""kill -9 inside each node: the next run ends as if nothing had happened."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import ml_metadata
import pytest
from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipelines.cli import main
from pipelines.description import NODE_STAGES
from pipelines.layout import OutputLayout
from pipelines.metadata_store import open_run_store
from pipelines.node_result import ExitCode
from tests.e2e.conftest import Run, run_pipeline

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
RESOLVERS = {"LatestAcceptedData", "LatestBlessedModel"}
NODES = [node for node in NODE_STAGES if node not in RESOLVERS]
"""Nodes with an executor; a resolver only reads, in one step."""

_WAIT_SECONDS = 120


def _open(layout: OutputLayout) -> ml_metadata.MetadataStore:
    config = mlmd.ConnectionConfig()
    config.sqlite.filename_uri = str(layout.metadata_path)
    return ml_metadata.MetadataStore(config)


def _is_running(layout: OutputLayout, node_id: str) -> bool:
    """Tell whether a node's execution is registered and running."""
    if not layout.metadata_path.exists():
        return False
    with open_run_store(layout.metadata_path, "chicago_taxi") as store:
        return any(
            execution.last_known_state == mlmd.Execution.RUNNING
            and execution.type.rpartition(".")[2] == node_id
            for execution in store.store.get_executions()
        )


def _find_child(process: subprocess.Popen[str]) -> int | None:
    """Find the process of the node: the youngest descendant."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    try:
        pids = [int(pid) for pid in children.read_text().split()]
    except FileNotFoundError:
        return None
    return pids[-1] if pids else process.pid


def _kill_node(output: Path, ir_path: Path, node_id: str) -> int:
    """Run one node in a process of its own and kill it while its execution is running."""
    layout = OutputLayout(output)
    words = ["node", "--ir", str(ir_path), "--node", node_id, "--run-id", "killed"]
    process = subprocess.Popen(
        [sys.executable, "-m", "pipelines", *words],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        text=True,
    )
    killed = threading.Event()
    deadline = time.monotonic() + _WAIT_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if _is_running(layout, node_id):
            os.killpg(process.pid, signal.SIGKILL)
            killed.set()
            break
        time.sleep(0.02)
    return process.wait(timeout=60)
