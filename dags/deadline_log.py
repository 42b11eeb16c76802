"""What happens by default when a run misses its deadline: the triggerer's log says so."""

from __future__ import annotations

import logging
from typing import Any

_logger = logging.getLogger(__name__)


async def report_missed_deadline(**details: Any) -> None:
    """Write one line; ``on_deadline`` in the configuration names another function.

    Args:
        details: What Airflow and the configuration say of the run.
    """
    run = details.get("context", {}).get("dag_run", {})
    _logger.error(
        "run %s of %s missed its deadline of %s minutes",
        run.get("dag_run_id") or run.get("run_id"),
        run.get("dag_id"),
        details.get("deadline_minutes"),
    )
