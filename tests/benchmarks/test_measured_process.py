"""Measuring a command: nothing that it starts is missed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from benchmarks.measured_process import Cost, measure_command

MIB = 1 << 20


def measure(tmp_path: Path, program: str) -> Cost:
    """Measure a Python program."""
    command = [sys.executable, "-c", program]
    return measure_command(command, tmp_path / "log", tmp_path, os.environ)


def start_and_leave(mib: int, work: str, seconds: float) -> str:
    """Write a program that leaves a daemon behind: it works, then tells, then sleeps."""
    daemon = (
        f"import time; held = bytearray({mib} << 20); {work}; print('ready', flush=True); "
        f"time.sleep({seconds})"
    )
    # The process between them ends at once, so the daemon is an orphan while it is measured.
    between = (
        "import subprocess, sys; "
        f"subprocess.Popen([sys.executable, '-c', {daemon!r}], start_new_session=True)"
    )
    return (
        "import subprocess, sys, time\n"
        f"between = subprocess.Popen([sys.executable, '-c', {between!r}], stdout=subprocess.PIPE)\n"
        "between.stdout.readline()\n"
        "between.wait()\n"
        "time.sleep(1)\n"
    )


@pytest.mark.parametrize(
    ("program", "exit_code"),
    [
        ("pass", 0),
        ("raise SystemExit(4)", 4),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", -15),
    ],
)
def test_gives_the_exit_code(tmp_path: Path, program: str, exit_code: int) -> None:
    """A command's exit code, or the signal that ended it."""
    assert measure(tmp_path, program).exit_code == exit_code


def test_writes_both_outputs_to_the_log(tmp_path: Path) -> None:
    """What the command says, as text and as errors, is in the log."""
    measure(tmp_path, "import sys; print('said'); print('complained', file=sys.stderr)")

    assert sorted((tmp_path / "log").read_text().split()) == ["complained", "said"]


def test_tells_a_missing_program(tmp_path: Path) -> None:
    """A program that is not there is an error, not a measurement."""
    with pytest.raises(FileNotFoundError, match="no-such-program"):
        measure_command(["/no-such-program"], tmp_path / "log", tmp_path, {})


def test_sees_the_memory_and_time_of_a_child(tmp_path: Path) -> None:
    """A child's memory adds to its parent's; its time is counted once it has ended."""
    child = "import time; held = bytearray(150 << 20); time.sleep(0.8); sum(range(10_000_000))"
    cost = measure(
        tmp_path,
        "import subprocess, sys; held = bytearray(100 << 20); "
        f"subprocess.run([sys.executable, '-c', {child!r}], check=True)",
    )

    assert 150 * MIB < cost.peak_process_bytes < 200 * MIB
    assert 250 * MIB < cost.peak_total_bytes < 320 * MIB
    assert cost.cpu_seconds > 0.1


def test_sees_a_daemon_that_lives_on(tmp_path: Path) -> None:
    """An orphan in a session of its own counts, with the time that it has taken so far."""
    cost = measure(tmp_path, start_and_leave(200, "sum(range(10_000_000))", seconds=3))

    assert cost.exit_code == 0
    assert cost.peak_process_bytes > 200 * MIB
    assert cost.peak_total_bytes > 200 * MIB
    assert cost.cpu_seconds > 0.1


def test_counts_pages_that_processes_share_once(tmp_path: Path) -> None:
    """Two forks of a process with 200 MiB are not 600 MiB."""
    cost = measure(
        tmp_path,
        "import os, time\n"
        "held = bytearray(os.urandom(1 << 20)) * 200\n"
        "children = [os.fork() or (time.sleep(1.5), os._exit(0)) for _ in range(2)]\n"
        "[os.waitpid(child, 0) for child in children]\n",
    )

    assert 200 * MIB < cost.peak_total_bytes < 300 * MIB
