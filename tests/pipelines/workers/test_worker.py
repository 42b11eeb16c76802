from __future__ import annotations

import contextlib
import os
import signal
import time

import pytest

from pipelines.launcher.node import NodeStoppedError
from pipelines.workers.worker import stop_on_sigterm


def _stop_itself() -> None:
    """Ask for a stop where errors are handled."""
    with contextlib.suppress(Exception):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(10)


def test_stop_passes_those_who_handle_errors() -> None:
    """A library that goes on after any error, as TensorFlow in tracing, does not hold it up."""
    kept = signal.getsignal(signal.SIGTERM)
    stop_on_sigterm()
    try:
        with pytest.raises(NodeStoppedError):
            _stop_itself()
    finally:
        signal.signal(signal.SIGTERM, kept)
