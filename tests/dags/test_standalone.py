from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from dags.airflow_config import PROJECT_ROOT
from tests.dags.airflow_api import find_free_port
from tests.dags.deployment import Deployment

PATIENCE_SECONDS = 240.0


def start(deployment: Deployment, home: Path, *words: str) -> subprocess.Popen[str]:
    """Start what ``make airflow`` starts."""
    command = [sys.executable, "-m", "dags.standalone", "--home", str(home)]
    return subprocess.Popen(
        [*command, "--dags", str(deployment.dags_folder), *words],
        cwd=PROJECT_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def list_descendants(pid: int) -> list[int]:
    """List a process's children, and theirs."""
    try:
        texts = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    except (FileNotFoundError, ProcessLookupError):
        return []
    children = [int(word) for text in texts for word in text.split()]
    return [*children, *(below for child in children for below in list_descendants(child))]


def list_listeners(pids: Sequence[int]) -> set[str]:
    """List the addresses, as Linux writes them, on which processes listen over the network."""
    sockets = set()
    for pid in pids:
        for descriptor in Path(f"/proc/{pid}/fd").glob("*"):
            with contextlib.suppress(OSError):
                sockets.add(str(descriptor.readlink()).removeprefix("socket:[").rstrip("]"))
    listening = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == "0A" and words[9] in sockets:
                listening.add(words[1].partition(":")[0])
    return listening


@pytest.mark.slow
def test_ctrl_c_leaves_no_process_behind(deployment: Deployment, tmp_path: Path) -> None:
    """It says where and as whom to sign in, listens on loopback alone, and ends whole."""
    process = start(deployment, tmp_path / "home", "--port", str(find_free_port()))
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if "Ctrl-C" in line:
            break
    family = list_descendants(process.pid)
    listeners = list_listeners(family)

    process.send_signal(signal.SIGINT)
    exit_code = process.wait(PATIENCE_SECONDS)
    process.stdout.close()

    text = "".join(said)
    assert "http://127.0.0.1:" in text and "password" in text
    assert exit_code == 0
    assert listeners == {"0100007F"}
    assert len(family) >= 4
    time.sleep(0.5)
    assert [pid for pid in family if Path(f"/proc/{pid}").exists()] == []


def test_command_that_can_not_start_says_why(tmp_path: Path) -> None:
    """Without a configuration there is one line, and nothing is started."""
    (tmp_path / "dags").mkdir()
    process = start(Deployment(tmp_path), tmp_path / "home")

    text, _ = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 1
    assert text.splitlines()[-1].startswith(f"error: {tmp_path / 'dags' / 'airflow.yaml'}")
