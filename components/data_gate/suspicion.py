"""Something wrong with the data, before the rows at fault are looked up.

This module is plain Python.
"""

from __future__ import annotations

import dataclasses

from components.data_gate.findings import Comparison, OffendingRow
from components.data_gate.offending_rows import RowTest


@dataclasses.dataclass(frozen=True)
class Suspicion:
    """Something wrong with the data.

    Attributes:
        kind: Rule broken: a kind of ``anomaly_kinds``.
        feature: Column at fault; None for the data as a whole.
        splits: Splits that it was found in; none where it is about the files.
        observed: What was observed, in a few words; None to tell it by the rows at fault.
        limit: What was expected, in a few words.
        remedy: What to do about it, in a few words.
        row_test: What makes a row one at fault, where that can be told of a row.
        rows: The places at fault, where they are known without looking.
    """

    kind: str
    feature: str | None
    splits: tuple[str, ...]
    observed: str | None
    limit: str
    remedy: str
    row_test: RowTest | None = None
    rows: tuple[OffendingRow, ...] = ()
    comparison: Comparison | None = None
