"""Callbacks for the tests, which leave lines in files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

FAILURES_VARIABLE = "TEST_FAILURES_FILE"
DEADLINES_VARIABLE = "TEST_DEADLINES_FILE"
"""Environment variables that name the files."""


def note_failure(context: Any) -> None:
    """Add the failed run's id to the file."""
    _add(FAILURES_VARIABLE, context["run_id"])


async def note_missed_deadline(deadline_minutes: float, context: Any) -> None:
    """Add the late run's id to the file."""
    _add(DEADLINES_VARIABLE, context["dag_run"]["dag_run_id"])


def _add(variable: str, line: str) -> None:
    with Path(os.environ[variable]).open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
