"""The process of a serving replay, ``python -m`` with this module's name.

It reads a ``ReplayTask`` as one line of JSON, writes ``outcome.json`` and ``arrays.npz``, and ends;
at once when its standard input is closed, for then nobody wants the answer any more.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import NoReturn

import numpy as np

from components.bulk_imports import pause_garbage_collection
from components.file_lock import FileLock
from components.record_file import write_record
from components.serving.model_error import describe_model_error
from components.serving.model_replay import ModelReplay
from components.serving.replay_client import ARRAYS_FILE, OUTCOME_FILE, TURN_FILE, ReplayTask


def main() -> None:
    """Do the task on standard input; nothing where that ends without one."""
    with pause_garbage_collection():
        import tensorflow as tf

        from components.serving.replay import replay
    line = sys.stdin.readline()
    if not line:
        return
    threading.Thread(target=_end_with_owner, daemon=True).start()
    task = ReplayTask.model_validate_json(line)
    directory = Path(task.directory)
    try:
        # Beside others, so that none disturbs what another measures.
        with FileLock(directory.parent / TURN_FILE, "the turn to replay").hold():
            outcome, arrays = replay(task.request)
    except (OSError, TypeError, ValueError, tf.errors.OpError) as error:
        outcome = ModelReplay(problem=describe_model_error(error))
    else:
        np.savez(directory / ARRAYS_FILE, **arrays)
    write_record(outcome, directory / OUTCOME_FILE)
    # At once: the interpreter's slow teardown has nothing left to do.
    os._exit(0)


def _end_with_owner() -> NoReturn:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    main()
