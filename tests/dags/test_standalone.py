from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from dags.airflow_config import PROJECT_ROOT
from dags.standalone import COMPONENTS, main
from tests.dags.airflow_api import find_free_port
from tests.dags.deployment import Deployment
from tests.dags.processes import list_descendants, wait_until_gone

PATIENCE_SECONDS = 240.0


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the place of a folder for Airflow, whose database is migrated once."""
    return tmp_path_factory.mktemp("airflow") / "home"


def start(deployment: Deployment, home: Path, *words: str) -> subprocess.Popen[str]:
    """Start what ``make airflow`` starts."""
    command = [sys.executable, "-m", "dags.standalone", "--home", str(home)]
    return subprocess.Popen(
        [*command, "--dags", str(deployment.dags_folder), *words],
        cwd=PROJECT_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # Ignored where `nohup` started the tests.
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),  # noqa: PLW1509
    )


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
def test_ctrl_c_leaves_no_process_behind(deployment: Deployment, home: Path) -> None:
    """It says where and as whom to sign in, listens on loopback alone, and ends whole."""
    process = start(deployment, home, "--port", str(find_free_port()))
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
    assert "http://127.0.0.1:" in text
    assert "password" in text
    assert exit_code == 0
    assert listeners == {"0100007F"}
    assert len(family) >= 4
    assert wait_until_gone(family) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "exit_code"), [(signal.SIGHUP, 0), (signal.SIGKILL, -signal.SIGKILL)]
)
def test_lost_terminal_and_kill_leave_no_process_behind(
    deployment: Deployment, home: Path, number: signal.Signals, exit_code: int
) -> None:
    """Where it can not be asked to end, or is given no time to, its components end as well."""
    process = start(deployment, home, "--port", str(find_free_port()))
    end = time.monotonic() + PATIENCE_SECONDS
    while len(family := _list_components(process.pid)) < len(COMPONENTS):
        assert time.monotonic() < end
        time.sleep(0.1)

    process.send_signal(number)

    process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == exit_code
    assert wait_until_gone(family) == []


def _list_components(pid: int) -> list[int]:
    """List the children that are components: they have a session of their own."""
    return [child for child in list_descendants(pid) if _is_leader(child)]


def _is_leader(pid: int) -> bool:
    try:
        return os.getsid(pid) == pid
    except ProcessLookupError:
        return False


def test_port_that_is_taken_is_told(deployment: Deployment, home: Path) -> None:
    """One line names the port and how to choose another one; nothing is started."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        process = start(deployment, home, "--port", port)
        text, _ = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 1
    [line] = text.splitlines()
    assert f"port {port}" in line
    assert "--port 8090" in line


def test_folder_in_use_is_told(deployment: Deployment, home: Path) -> None:
    """Two Airflows would write to one database: the second says where the first one is."""
    home.mkdir(exist_ok=True)
    with (home / "standalone.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = start(deployment, home, "--port", str(find_free_port()))
        text, _ = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 1
    [line] = text.splitlines()
    assert str(home) in line


@pytest.mark.parametrize("word", ["", "http", "0", "65536", "-1", "80.5"])
def test_word_that_is_no_port_is_told(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Ports are numbers from 1 to 65535."""
    with pytest.raises(SystemExit):
        main([f"--port={word}"])

    assert f"got {word!r}" in capsys.readouterr().err


def test_commands_of_airflow_have_its_settings(tmp_path: Path) -> None:
    """A command is handed to Airflow word by word, with the executor and the folder of DAGs."""
    code = (
        "import sys; from pathlib import Path; from dags.airflow_cli import become_airflow\n"
        "from dags.standalone_settings import StandaloneSettings\n"
        "become_airflow(StandaloneSettings(Path(sys.argv[1])), sys.argv[2:])"
    )
    words = ["config", "get-value", "core", "executor"]

    said = subprocess.check_output(
        [sys.executable, "-c", code, str(tmp_path / "home"), *words], cwd=PROJECT_ROOT, text=True
    )

    assert said.splitlines()[-1] == "LocalExecutor"


def test_command_that_can_not_start_says_why(tmp_path: Path) -> None:
    """Without a configuration there is one line, and nothing is started."""
    (tmp_path / "dags").mkdir()
    process = start(Deployment(tmp_path), tmp_path / "home")

    text, _ = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 1
    assert text.splitlines()[-1].startswith(f"error: {tmp_path / 'dags' / 'airflow.yaml'}")
