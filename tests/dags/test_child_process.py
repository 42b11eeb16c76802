from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dags.airflow_config import PROJECT_ROOT
from dags.child_process import ChildProcess
from tests.dags.processes import wait_until_gone

# Prints its own id and a child's; both go on for a minute unless they are stopped.
FAMILY = """
import os, signal, subprocess, sys, time
{before}
child = subprocess.Popen([sys.executable, "-c", {child!r}])
print(os.getpid(), child.pid, flush=True)
time.sleep(60)
"""
PATIENT = "import time; time.sleep(60)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)"


def start(code: str, directory: Path) -> ChildProcess:
    """Start a Python program."""
    return ChildProcess([sys.executable, "-c", code], directory, os.environ)


def test_output_and_exit_code_are_handed_on(tmp_path: Path) -> None:
    """Lines of both streams arrive in order, and then the exit code."""
    lines: list[str] = []
    child = start(
        "import sys; print('a', flush=True); print('b', file=sys.stderr); sys.exit(3)", tmp_path
    )

    assert child.read(lines.append) == 3
    assert lines == ["a", "b"]


def test_lines_arrive_while_the_command_runs(tmp_path: Path) -> None:
    """A line is handed on when it is printed, not when the command has ended."""
    marker = tmp_path / "seen"
    code = (
        "import pathlib, time\nprint('go', flush=True)\n"
        f"while not pathlib.Path({str(marker)!r}).exists(): time.sleep(0.01)"
    )

    assert start(code, tmp_path).read(lambda line: marker.touch()) == 0


def test_arguments_are_not_read_by_a_shell(tmp_path: Path) -> None:
    """What would mean something to a shell arrives as it is."""
    words = ["$(touch x)", "; touch x", "*", "a b"]
    lines: list[str] = []

    ChildProcess(
        [sys.executable, "-c", "import sys; print(*sys.argv[1:], sep='\\n')", *words],
        tmp_path,
        os.environ,
    ).read(lines.append)

    assert lines == words
    assert not (tmp_path / "x").exists()


def test_bytes_that_are_no_text_are_shown_escaped(tmp_path: Path) -> None:
    """Odd output breaks nothing."""
    lines: list[str] = []

    start("import sys; sys.stdout.buffer.write(b'\\xff\\n')", tmp_path).read(lines.append)

    assert lines == ["\\xff"]


@pytest.mark.parametrize("before", ["", STUBBORN])
def test_stop_ends_the_command_and_its_children(tmp_path: Path, before: str) -> None:
    """The whole family ends, also where it does not want to."""
    child = start(FAMILY.format(before=before, child=f"{before}\n{PATIENT}"), tmp_path)
    family: list[int] = []

    def stop(line: str) -> None:
        family.extend(map(int, line.split()))
        child.stop(0.5)

    assert child.read(stop) < 0
    assert wait_until_gone(family) == []


def test_command_ends_with_its_parent(tmp_path: Path) -> None:
    """Where the task's process is killed outright, its command is told to end."""
    code = (
        "import os, sys; from pathlib import Path; from dags.child_process import ChildProcess\n"
        f"child = ChildProcess([sys.executable, '-c', {PATIENT!r}], Path('.'), os.environ)\n"
        "print(child.pid, flush=True)\nchild.read(print)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code], cwd=PROJECT_ROOT, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())

    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()

    assert wait_until_gone([pid]) == []
