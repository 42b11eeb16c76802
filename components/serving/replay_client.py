"""The serving replay: ask a SavedModel about raw examples in a fresh process, as a server would.

The model's files are copied to a folder of their own and loaded there by plain TensorFlow, so that
a model that leans on the place where it was trained, on Keras or on TFX fails here, not in service.
``replay_process`` is the other process.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt

import components
from components.frozen_model import FrozenModel
from components.record_file import find_record
from components.serving.model_replay import ModelReplay

Array = npt.NDArray[np.float64]

OUTCOME_FILE = "outcome.json"
ARRAYS_FILE = "arrays.npz"
ERRORS_FILE = "errors.log"
TURN_FILE = "turn.lock"
"""File above a process's folder whose lock it holds while it measures."""

_PROCESS_MODULE = "components.serving.replay_process"
_VERSION_NAME = "1"


class ReplayRequest(FrozenModel):
    """What is replayed: raw examples as of ``example_records``, some of them again one by one.

    Attributes:
        label: Name of the label in the output of ``transform_features``; None to leave labels out,
            which a champion need not tell.
    """

    model_directory: str
    records_file: str
    label: str | None = None
    batch_rows: int
    latency_rows: int


class ReplayTask(FrozenModel):
    """What the other process gets.

    Attributes:
        directory: Folder that gets the answer; the one above it holds the lock that takes turns.
    """

    directory: str
    request: ReplayRequest


@dataclasses.dataclass(frozen=True)
class Replay:
    """A model's serving replay.

    Attributes:
        measures: What serving costs on this machine.
        probabilities: Of label 1, in the examples' order, [rows].
        labels: 0 or 1, [rows]; None where the request named no label.
    """

    measures: ModelReplay
    probabilities: Array
    labels: Array | None = None


class ReplayError(Exception):
    """A model could not be served; the message says why, in one line."""


class ReplayProcesses:
    """Fresh processes, one per model, that import TensorFlow while requests are prepared.

    They run side by side, and take turns at the replay itself, so that none disturbs what another
    measures. Use it in a ``with`` statement: at its end every process has ended.

    Attributes:
        directory: A folder for files that requests name; it is gone at the end.
    """

    def __init__(self, count: int) -> None:
        """Start ``count`` processes."""
        self._temporary = tempfile.TemporaryDirectory(prefix="serving-replay-")
        self.directory = Path(self._temporary.name)
        self._directories = [self.directory / str(number) for number in range(count)]
        self._processes: list[subprocess.Popen[bytes]] = []
        try:
            for directory in self._directories:
                directory.mkdir()
                self._processes.append(_start_process(directory))
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> ReplayProcesses:
        """Give the processes."""
        return self

    def __exit__(self, *exception: object) -> None:
        """End the processes."""
        self.close()

    def close(self) -> None:
        """End the processes that still run, and remove the folder."""
        for process in self._processes:
            process.kill()
            with process:
                pass  # waits for the end, and closes the pipe
        self._temporary.cleanup()

    def replay(
        self, requests: Sequence[ReplayRequest], timeout_seconds: float
    ) -> list[Replay | ReplayError]:
        """Replay models, one per process; gives answers, or why one was not served in time."""
        with ThreadPoolExecutor(max(1, len(requests))) as pool:
            replay = functools.partial(_replay_model, timeout_seconds)
            return list(pool.map(replay, requests, self._directories, self._processes))


def _start_process(directory: Path) -> subprocess.Popen[bytes]:
    root = str(Path(components.__file__).resolve().parents[1])
    search_path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    with (directory / ERRORS_FILE).open("wb") as errors:
        return subprocess.Popen(
            [sys.executable, "-m", _PROCESS_MODULE],
            env={"TF_CPP_MIN_LOG_LEVEL": "3", **os.environ, "PYTHONPATH": search_path},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            # Nothing is left to be written when it is closed, which fails where the process died.
            bufsize=0,
        )


def _replay_model(
    timeout_seconds: float,
    request: ReplayRequest,
    directory: Path,
    process: subprocess.Popen[bytes],
) -> Replay | ReplayError:
    served = directory / _VERSION_NAME
    try:
        shutil.copytree(request.model_directory, served)
        moved = request.model_copy(update={"model_directory": str(served)})
        _ask(process, ReplayTask(directory=str(directory), request=moved), timeout_seconds)
        outcome = _read_outcome(directory)
    except (OSError, ReplayError) as error:
        return ReplayError(str(error))
    if outcome.problem is not None:
        return ReplayError(outcome.problem)
    with np.load(directory / ARRAYS_FILE, allow_pickle=False) as arrays:
        return Replay(outcome, arrays["probabilities"], arrays.get("labels"))


def _ask(process: subprocess.Popen[bytes], task: ReplayTask, timeout_seconds: float) -> None:
    assert process.stdin is not None
    # One that has died is known by what it left.
    with contextlib.suppress(BrokenPipeError):
        # Left open: the process ends when it is closed.
        process.stdin.write(task.model_dump_json().encode() + b"\n")
    try:
        process.wait(timeout_seconds)
    except subprocess.TimeoutExpired as error:
        process.kill()
        raise ReplayError(f"no answer within {timeout_seconds:g} s") from error


def _read_outcome(directory: Path) -> ModelReplay:
    outcome = find_record(ModelReplay, directory / OUTCOME_FILE)
    if outcome is not None:
        return outcome
    errors = directory / ERRORS_FILE
    text = errors.read_text("utf-8", "replace") if errors.is_file() else ""
    last_line = (text.strip() or "it left no message").splitlines()[-1]
    raise ReplayError(f"the process ended without an answer: {last_line.strip()}")
