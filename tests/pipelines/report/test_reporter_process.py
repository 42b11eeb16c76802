"""The process that stands ready to write a page: when it ends."""

from __future__ import annotations

import subprocess
import sys

_COMMAND = [sys.executable, "-m", "pipelines.report.reporter_process"]
_WAIT_SECONDS = 60.0


def test_it_ends_with_its_owner() -> None:
    """A run that is killed leaves none behind: when its standard input is closed, it ends."""
    done = subprocess.run(_COMMAND, input="", capture_output=True, text=True, timeout=_WAIT_SECONDS)

    assert (done.returncode, done.stdout) == (0, "")


def test_what_is_no_request_is_an_error() -> None:
    """It answers nothing that could be taken for a reply."""
    done = subprocess.run(
        _COMMAND, input="{}\n", capture_output=True, text=True, timeout=_WAIT_SECONDS
    )

    assert done.returncode != 0
    assert done.stdout == ""
