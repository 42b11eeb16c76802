"""Replay raw examples through a SavedModel in a fresh process, as a server would load it.

The model's files are copied to a folder of their own and loaded there by plain TensorFlow, so that
a model that leans on the place where it was trained, on Keras or on TFX fails here, not in service.

This module is plain Python, Arrow and NumPy; ``replay_process`` is the other process.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import components
from components.frozen_model import FrozenModel
from components.serving.slice_columns import SliceColumn

Array = npt.NDArray[np.float64]
Features = Mapping[str, npt.NDArray[Any]]
"""Transformed features by name, floats or indices, shape [rows]."""

OUTCOME_FILE = "outcome.json"
ARRAYS_FILE = "arrays.npz"
ERRORS_FILE = "errors.log"
TURN_FILE = "turn.lock"
"""File above a process's folder whose lock it holds while it measures."""
SERVING_SIGNATURE = "serving_default"
LABEL_SIGNATURE = "transform_features"
PROBABILITY_OUTPUT = "probability"

_PROCESS_MODULE = "components.serving.replay_process"
_VERSION_NAME = "1"


class ReplayRequest(FrozenModel):
    """What is replayed.

    Attributes:
        model_directory: Folder of a SavedModel.
        records_file: The raw examples, as ``example_records`` writes them.
        train_records_file: The same of training examples to transform for the trivial models;
            None where those are not wanted.
        label: Name of the label in the output of ``transform_features``; None to leave labels,
            groups and features out, which a champion need not tell.
        attributes: Outputs of ``transform_features`` that slices are cut by; one that is not
            there is left out.
        batch_rows: Rows a request when all rows are replayed.
        latency_rows: Requests of one row each whose latency is measured.
    """

    model_directory: str
    records_file: str
    train_records_file: str | None = None
    label: str | None = None
    attributes: tuple[str, ...] = ()
    batch_rows: int
    latency_rows: int


class ReplayTask(FrozenModel):
    """What the other process is told.

    Attributes:
        directory: Folder that gets the answer; the one above it holds the lock that takes turns.
    """

    directory: str
    request: ReplayRequest


class ReplayMeasures(FrozenModel):
    """What serving a model costs on this machine.

    Attributes:
        load_seconds: Time to load the SavedModel, after TensorFlow is imported.
        latency_p50_ms: Median time of a request of one row, in milliseconds.
        latency_p99_ms: 99th percentile of the same.
        size_mb: Size of the SavedModel's files, in 10^6 bytes.
    """

    rows: int
    load_seconds: float
    latency_p50_ms: float
    latency_p99_ms: float
    size_mb: float


class ReplayOutcome(FrozenModel):
    """What the other process answers.

    Attributes:
        measures: What serving costs; None where the model could not be served.
        problem: Why it could not be served, in one line; None where it could.
    """

    measures: ReplayMeasures | None = None
    problem: str | None = None


@dataclasses.dataclass(frozen=True)
class LabeledFeatures:
    """Transformed rows.

    Attributes:
        labels: 0 or 1, shape [rows].
    """

    labels: Array
    features: Features


@dataclasses.dataclass(frozen=True)
class Replay:
    """A model's replay.

    Attributes:
        probabilities: Of label 1, in the examples' order, shape [rows].
        slices: Slices by fairness attribute; none where the request named no label.
        evaluated: The replayed rows, transformed; None where the request named no label.
        train: Training rows, transformed; None where the request named no files of them.
    """

    measures: ReplayMeasures
    probabilities: Array
    slices: Mapping[str, SliceColumn] = dataclasses.field(default_factory=dict)
    evaluated: LabeledFeatures | None = None
    train: LabeledFeatures | None = None


class ReplayError(Exception):
    """A model could not be served; the message says why, in one line."""


class ReplayProcesses:
    """Fresh processes, one a model, that import TensorFlow while requests are made ready.

    They run side by side, and take turns at the replay itself, so that neither disturbs what
    another measures. Use it in a ``with`` statement: at its end every process has ended.

    Attributes:
        directory: A folder for files that requests name; it is gone at the end.
    """

    def __init__(self, count: int) -> None:
        """Start the processes.

        Args:
            count: Number of models, >= 0.
        """
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
        """Replay models; once.

        Args:
            requests: Which models, on which rows; one a process.
            timeout_seconds: When to give up on a process.

        Returns:
            For each its answers, and what they cost; or why it could not be served, or not in
            time.
        """
        with ThreadPoolExecutor(max(1, len(requests))) as pool:
            return list(
                pool.map(
                    lambda request, directory, process: _replay_model(
                        request, directory, process, timeout_seconds
                    ),
                    requests,
                    self._directories,
                    self._processes,
                )
            )


def pack_labeled(prefix: str, rows: LabeledFeatures) -> dict[str, npt.NDArray[np.generic]]:
    """Name the arrays of transformed rows for the file between the processes."""
    features = {f"{prefix}/feature/{name}": values for name, values in rows.features.items()}
    return {f"{prefix}/labels": rows.labels, **features}


def pack_slices(slices: Mapping[str, SliceColumn]) -> dict[str, npt.NDArray[np.generic]]:
    """Name the arrays of slices for the file between the processes."""
    packed: dict[str, npt.NDArray[np.generic]] = {}
    for name, column in slices.items():
        packed |= {f"slice_values/{name}": column.values, f"slice_codes/{name}": column.codes}
    return packed


def _start_process(directory: Path) -> subprocess.Popen[bytes]:
    root = str(Path(components.__file__).resolve().parent.parent)
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
    request: ReplayRequest,
    directory: Path,
    process: subprocess.Popen[bytes],
    timeout_seconds: float,
) -> Replay | ReplayError:
    served = directory / _VERSION_NAME
    try:
        shutil.copytree(request.model_directory, served)
        moved = request.model_copy(update={"model_directory": str(served)})
        _ask(process, ReplayTask(directory=str(directory), request=moved), timeout_seconds)
        outcome = _read_outcome(directory)
    except (OSError, ReplayError) as error:
        return ReplayError(str(error))
    if outcome.measures is None:
        return ReplayError(outcome.problem)
    with np.load(directory / ARRAYS_FILE, allow_pickle=False) as arrays:
        return _read_replay(outcome.measures, dict(arrays.items()))


def _ask(process: subprocess.Popen[bytes], task: ReplayTask, timeout_seconds: float) -> None:
    """Hand a process its task, and wait for its end."""
    assert process.stdin is not None
    # One that has died is told by what it left.
    with contextlib.suppress(BrokenPipeError):
        # Left open: the process ends when it is closed.
        process.stdin.write(task.model_dump_json().encode() + b"\n")
    try:
        process.wait(timeout_seconds)
    except subprocess.TimeoutExpired as error:
        process.kill()
        raise ReplayError(f"no answer within {timeout_seconds:g} s") from error


def _read_outcome(directory: Path) -> ReplayOutcome:
    path = directory / OUTCOME_FILE
    if path.is_file():
        return ReplayOutcome.model_validate_json(path.read_text("utf-8"))
    errors = directory / ERRORS_FILE
    told = errors.read_text("utf-8", "replace").split("\n") if errors.is_file() else []
    last_line = next((line for line in reversed(told) if line.strip()), "it left no message")
    raise ReplayError(f"the process ended without an answer: {last_line.strip()}")


def _read_replay(measures: ReplayMeasures, arrays: Mapping[str, npt.NDArray[np.generic]]) -> Replay:
    slices = {
        name.removeprefix("slice_values/"): SliceColumn(
            values.astype(np.str_),
            arrays[name.replace("slice_values/", "slice_codes/", 1)].astype(np.int64),
        )
        for name, values in arrays.items()
        if name.startswith("slice_values/")
    }
    return Replay(
        measures,
        arrays["probabilities"].astype(np.float64),
        slices,
        _unpack_labeled("evaluated", arrays),
        _unpack_labeled("train", arrays),
    )


def _unpack_labeled(
    prefix: str, arrays: Mapping[str, npt.NDArray[np.generic]]
) -> LabeledFeatures | None:
    if f"{prefix}/labels" not in arrays:
        return None
    start = f"{prefix}/feature/"
    features = {
        name.removeprefix(start): values
        for name, values in arrays.items()
        if name.startswith(start)
    }
    return LabeledFeatures(arrays[f"{prefix}/labels"].astype(np.float64), features)
