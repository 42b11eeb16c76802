"""What happens by default when a run misses its deadline: a line in the triggerer's log."""

from __future__ import annotations

import logging
from typing import Any

_logger = logging.getLogger(__name__)


async def report_missed_deadline(deadline_minutes: float, context: dict[str, Any]) -> None:
    """Write one line; ``on_deadline`` in the configuration names another function."""
    run = context["dag_run"]
    _logger.error(
        "run %s of %s missed its deadline of %g minutes",
        run["dag_run_id"],
        run["dag_id"],
        deadline_minutes,
    )
