"""``python -m pipelines`` where it can't run: one line says what to do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.__main__ import main

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("words", [[], ["run"], ["--version"]])
def test_missing_packages_are_told_in_one_line(words: list[str]) -> None:
    """A Python without the packages of the lock ends with exit code 2 and no traceback."""
    # Without the module site there are no installed packages.
    done = subprocess.run(
        [sys.executable, "-S", "-m", "pipelines", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert "package click is not installed" in line
    assert "make venv" in line


def test_another_python_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A Python of another version learns which one is expected: that of the lock."""
    monkeypatch.setattr(sys, "version_info", (3, 8, 20, "final", 0))

    assert main() == 2

    [line] = capsys.readouterr().err.splitlines()
    expected = (ROOT / ".python-version").read_text().strip()
    assert f"got Python 3.8, expected {expected};" in line


def test_installed_command_answers_in_another_folder(tmp_path: Path) -> None:
    """``tfx-pipelines`` stands beside the Python of the environment, and needs no checkout."""
    command = Path(sys.executable).with_name("tfx-pipelines")

    done = subprocess.run(
        [command, "--help"], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Usage: tfx-pipelines")
