"""Models replayed in fresh processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from components.serving.replay_client import (
    OUTCOME_FILE,
    TURN_FILE,
    ReplayError,
    ReplayProcesses,
    ReplayTask,
)
from tests.components.replayed_models import (
    BASELINE_WEIGHT,
    CANDIDATE_WEIGHT,
    ROWS,
    Measured,
    Replayed,
    create_request,
    replay_one,
)
from tests.tiny_evaluation import MEASURED, get_label, get_probability

_WAIT_SECONDS = 120.0


def find_processes() -> list[int]:
    """Find the replays' processes that run for this process."""
    found = []
    for children in Path("/proc/self/task").glob("*/children"):
        for word in children.read_text().split():
            command = Path(f"/proc/{word}/cmdline").read_bytes().split(b"\0")
            if b"components.serving.replay_process" in command:
                found.append(int(word))
    return found


def wait_for_process() -> int:
    """Wait until a process has come as far as its turn to replay."""
    deadline = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < deadline:
        for pid in find_processes():
            if any(link.name == TURN_FILE for link in list_open_files(pid)):
                return pid
        time.sleep(0.05)
    raise TimeoutError("no process replays")


def list_open_files(pid: int) -> list[Path]:
    """List the files that a process has open."""
    return [link.readlink() for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()]


def test_it_answers_every_row_in_order(replayed: Replayed) -> None:
    """Each model's probabilities are those of its formula, batch borders or not."""
    for replay, weight in (
        (replayed.candidate, CANDIDATE_WEIGHT),
        (replayed.champion, BASELINE_WEIGHT),
    ):
        expected = [get_probability(row, weight) for row in ROWS]
        assert replay.probabilities == pytest.approx(expected, abs=1e-6)


def test_it_measures_what_serving_costs(replayed: Replayed, measured: Measured) -> None:
    """Load time and latencies are more than nothing, and the size is that of the files."""
    measures = replayed.candidate.measures
    files = Path(measured.candidate.uri, "Format-Serving").rglob("*")

    assert measures.rows == len(MEASURED)
    assert measures.load_seconds is not None
    assert measures.load_seconds > 0
    assert measures.latency_p50_ms is not None
    assert measures.latency_p99_ms is not None
    assert 0 < measures.latency_p50_ms <= measures.latency_p99_ms
    size_bytes = sum(path.stat().st_size for path in files if path.is_file())
    assert measures.size_mb == pytest.approx(size_bytes / 1e6)


def test_the_candidate_tells_labels(replayed: Replayed) -> None:
    """Labels come from the model's own signature."""
    assert replayed.candidate.labels is not None
    assert replayed.candidate.labels.tolist() == [get_label(row) for row in ROWS]


def test_a_champion_tells_its_answers_alone(replayed: Replayed) -> None:
    """What the request does not ask for is not there."""
    assert replayed.champion.labels is None


def test_a_model_that_can_not_take_the_rows_says_why(replayed: Replayed) -> None:
    """A model that asks for another type is an answer, not a crash."""
    assert isinstance(replayed.incompatible, ReplayError)
    assert "price" in str(replayed.incompatible)
    assert "expected type: int64" in str(replayed.incompatible)


def test_a_model_that_is_gone_says_so(measured: Measured, records: Path, tmp_path: Path) -> None:
    """A folder that is not there is named."""
    request = create_request(measured.candidate, records)

    answer = replay_one(request.model_copy(update={"model_directory": str(tmp_path / "gone")}))

    assert isinstance(answer, ReplayError)
    assert str(tmp_path / "gone") in str(answer)


def test_a_process_that_takes_too_long_is_ended(measured: Measured, records: Path) -> None:
    """The time allowed is told."""
    answer = replay_one(create_request(measured.candidate, records), timeout_seconds=0.2)

    assert isinstance(answer, ReplayError)
    assert str(answer) == "no answer within 0.2 s"


def test_a_process_that_dies_is_told(measured: Measured, records: Path) -> None:
    """A process that is killed is an answer."""
    endless = create_request(measured.candidate, records).model_copy(
        update={"latency_rows": 10_000_000}
    )
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(replay_one, endless)
        os.kill(wait_for_process(), signal.SIGKILL)

    assert isinstance(answer.result(), ReplayError)
    assert "the process ended without an answer" in str(answer.result())


def test_no_process_goes_on_when_nobody_waits(measured: Measured, records: Path) -> None:
    """One that is too slow is ended, not only given up."""
    endless = create_request(measured.candidate, records).model_copy(
        update={"latency_rows": 10_000_000}
    )

    answer = replay_one(endless, timeout_seconds=5)

    assert str(answer) == "no answer within 5 s"
    assert not find_processes()


def test_a_process_ends_with_its_owner(measured: Measured, records: Path, tmp_path: Path) -> None:
    """When the other end of its standard input is closed, it ends, whatever it is at."""
    endless = create_request(measured.candidate, records).model_copy(
        update={"latency_rows": 10_000_000}
    )
    directory = tmp_path / "0"
    directory.mkdir()
    task = ReplayTask(directory=str(directory), request=endless)
    command = [sys.executable, "-m", "components.serving.replay_process"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        process.stdin.write(task.model_dump_json() + "\n")
        process.stdin.flush()
        assert wait_for_process() == process.pid

        process.stdin.close()

        assert process.wait(_WAIT_SECONDS) == 1
    assert not (directory / OUTCOME_FILE).exists()


def test_a_process_without_a_task_ends() -> None:
    """One whose owner died before it asked leaves nothing."""
    command = [sys.executable, "-m", "components.serving.replay_process"]

    assert subprocess.run(command, input=b"", check=False, timeout=_WAIT_SECONDS).returncode == 0


def test_the_process_imports_no_tfx() -> None:
    """What loads the model is TensorFlow as a server has it, without what trained the model."""
    code = (
        "import sys\n"
        "import components.serving.replay\n"
        "names = ('tfx', 'tensorflow_model_analysis', 'tensorflow_transform', 'apache_beam',\n"
        "         'tfx_bsl', 'tensorflow')\n"
        "print([name for name in names if name in sys.modules])\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "['tensorflow']"


def test_no_answers_are_no_replays() -> None:
    """Nothing asked, nothing answered."""
    with ReplayProcesses(0) as processes:
        assert processes.replay([], timeout_seconds=1) == []


def test_processes_that_are_not_asked_end() -> None:
    """An error before the request leaves no process and no folder behind."""
    message = "no such evaluation"
    with pytest.raises(OSError, match=message), ReplayProcesses(1) as processes:
        raise OSError(message)

    assert not processes.directory.exists()
