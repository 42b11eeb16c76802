"""Reconcile row counts between steps: whatever one step wrote, the next must have read."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

ALL_ROWS = "all"
"""Stands for all splits together, where a step does not know of splits."""


@dataclasses.dataclass(frozen=True)
class StepCount:
    """The rows of each split, or of ``ALL_ROWS`` alone, that a step counted.

    Attributes:
        step: What was counted, as a message names it ("the CSV files", "StatisticsGen").
        is_partial: Whether the step takes only some of the splits by design.
    """

    step: str
    rows: Mapping[str, int]
    is_partial: bool = False


@dataclasses.dataclass(frozen=True)
class Mismatch:
    """Two steps, by name, that should have the same rows of a split, or ``ALL_ROWS``."""

    split: str
    before: str
    rows_before: int
    after: str
    rows_after: int

    @property
    def message(self) -> str:
        """Both numbers in one line, with the remedy."""
        where = "" if self.split == ALL_ROWS else f" of split {self.split!r}"
        return (
            f"{self.after} has {self.rows_after:,} rows{where}, {self.before} "
            f"{self.rows_before:,}; {self.remedy}"
        )

    @property
    def remedy(self) -> str:
        """What to do about it, in a few words."""
        happened = "lost" if self.rows_after < self.rows_before else "added"
        return f"rows were {happened} in between: run again with --set cache=false"


def reconcile(before: StepCount, after: StepCount) -> tuple[Mismatch, ...]:
    """Compare the rows of two steps: split by split, or in total where one does not know of splits.

    A split that ``after`` lacks is not compared if ``after`` is partial.
    """
    read, written = before.rows, after.rows
    if ALL_ROWS in read or ALL_ROWS in written:
        read, written = {ALL_ROWS: sum(read.values())}, {ALL_ROWS: sum(written.values())}
    splits = written if after.is_partial else {**written, **read}
    return tuple(
        Mismatch(split, before.step, read.get(split, 0), after.step, written.get(split, 0))
        for split in splits
        if read.get(split, 0) != written.get(split, 0)
    )
