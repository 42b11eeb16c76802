"""Check that a node lost no rows: what it wrote is what it read."""

from __future__ import annotations

from collections.abc import Sequence

from components.data_gate.reconcile import ALL_ROWS, StepCount, reconcile
from components.problem import Problem
from pipelines.records.node_result import Rows

_CSV_KEY = "csv"
_OVERALL_KEY = "overall"


def check_rows(node_id: str, rows: Rows, evaluated_splits: Sequence[str]) -> tuple[Problem, ...]:
    """Compare the rows that a node read and wrote.

    Args:
        rows: Rows in and out; a node without rows on either side is not checked.

    Returns:
        One problem per difference, with both numbers; empty if all agree.
    """
    read = {split: count for split, count in rows.read.items() if split != _CSV_KEY}
    written = {split: count for split, count in rows.written.items() if split != _CSV_KEY}
    if _CSV_KEY in rows.written:
        read = {ALL_ROWS: rows.written[_CSV_KEY]}
    if not read or not written:
        return ()
    before = StepCount("what it was given", read)
    after = StepCount(node_id, written, is_partial=True)
    if _OVERALL_KEY in written:
        before = StepCount("what it was given", {split: read[split] for split in evaluated_splits})
        after = StepCount(node_id, {ALL_ROWS: written[_OVERALL_KEY]})
    return tuple(
        Problem(rule="rows do not agree", message=mismatch.message)
        for mismatch in reconcile(before, after)
    )
