"""The process that loads a SavedModel and replays examples: TensorFlow alone, no Keras, no TFX.

Run as ``python -m components.model_validator.replay_process DIRECTORY`` by ``serving_replay``:
imports TensorFlow, reads a ``ReplayRequest`` as JSON from standard input to its end, and writes
``outcome.json`` and ``arrays.npz``.
"""

from __future__ import annotations

import contextlib
import fcntl
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from components.evaluator.model_error import describe_error
from components.model_validator.serving_replay import (
    ARRAYS_FILE,
    OUTCOME_FILE,
    TURN_FILE,
    ReplayOutcome,
    ReplayRequest,
)

OPTIONAL_PACKAGES = ("googleapiclient", "scipy", "tf_keras")
"""Packages that TensorFlow imports where they are installed, and that no server needs: a third of
the time that importing it takes."""


def main(directory: Path) -> None:
    """Replay the request on standard input.

    Args:
        directory: Gets the outcome and, if the model could be served, the arrays; the folder
            above it holds the lock that takes turns.
    """
    for name in OPTIONAL_PACKAGES:
        sys.modules[name] = None  # type: ignore[assignment]  # the import system's "not there"

    import tensorflow as tf

    from components.model_validator.replay import replay

    request = ReplayRequest.model_validate_json(sys.stdin.read())
    try:
        with _wait_for_turn(directory.parent):
            measures, arrays = replay(request)
    except (KeyError, OSError, TypeError, ValueError, tf.errors.OpError) as error:
        outcome = ReplayOutcome(problem=describe_error(error))
    else:
        np.savez(directory / ARRAYS_FILE, **arrays)
        outcome = ReplayOutcome(measures=measures)
    (directory / OUTCOME_FILE).write_text(outcome.model_dump_json(), encoding="utf-8")


@contextlib.contextmanager
def _wait_for_turn(directory: Path) -> Iterator[None]:
    """Hold the lock that the processes beside this one wait for."""
    with (directory / TURN_FILE).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    main(Path(sys.argv[1]))
