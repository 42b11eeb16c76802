"""The process that stands ready to write a page: when it ends."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys

_OWNER = (
    "import multiprocessing, signal, time\n"
    # It is ignored where `nohup` started the tests.
    "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    "from pipelines.report.reporter import Reporter\n"
    "if __name__ == '__main__':\n"
    "    with Reporter():\n"
    "        print(multiprocessing.active_children()[0].pid, flush=True)\n"
    # Not `signal.pause`: a signal just before it would leave it waiting for another.
    "        while True:\n"
    "            time.sleep(0.1)\n"
)
_WAIT_SECONDS = 60.0


def test_it_ends_with_its_owner() -> None:
    """A run that is killed leaves none behind."""
    with subprocess.Popen(
        [sys.executable, "-c", _OWNER], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
    ) as owner:
        assert owner.stdout is not None
        reporter = os.pidfd_open(int(owner.stdout.readline()))
        owner.send_signal(signal.SIGKILL)

    ended, _, _ = select.select([reporter], [], [], _WAIT_SECONDS)
    os.close(reporter)

    assert ended


def test_ctrl_c_is_left_to_its_owner() -> None:
    """Both get the terminal's SIGINT; the reporter goes on until its owner has ended."""
    with subprocess.Popen(
        [sys.executable, "-c", _OWNER],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        text=True,
    ) as owner:
        assert owner.stdout is not None
        reporter = os.pidfd_open(int(owner.stdout.readline()))
        os.killpg(owner.pid, signal.SIGINT)
        assert owner.wait(_WAIT_SECONDS) == -signal.SIGINT

    ended, _, _ = select.select([reporter], [], [], _WAIT_SECONDS)
    os.close(reporter)

    assert ended
