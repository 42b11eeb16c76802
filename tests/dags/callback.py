"""A failure callback for the tests, which leaves a line in a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

FILE_VARIABLE = "TEST_FAILURES_FILE"


def note_failure(context: Any) -> None:
    """Add the failed run's id to the file.

    Args:
        context: Airflow's.
    """
    with Path(os.environ[FILE_VARIABLE]).open("a", encoding="utf-8") as file:
        file.write(f"{context['run_id']}\n")
