"""What the gate judges on, and what it suspects, as plain types."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from components.data_gate.anomaly_kinds import Severity
from components.data_gate.findings import (
    Comparison,
    DataReference,
    Finding,
    LabelCount,
    OffendingRow,
)
from components.data_gate.offending_rows import Offenders, RowTest
from components.data_gate.published_anomalies import Anomaly
from components.examples.input_file import InputFile
from components.statistics_gen.column_limits import DataLimits
from components.statistics_gen.feature_statistics import SplitSummary

_SHOWN_VALUES = 3


@dataclasses.dataclass(frozen=True)
class PreviousData:
    """The data that was accepted last, with the statistics of its training split."""

    reference: DataReference
    training: SplitSummary
    files: tuple[InputFile, ...]

    @property
    def rows(self) -> int:
        """Its rows, of all splits."""
        return sum(file.rows for file in self.files)


@dataclasses.dataclass(frozen=True)
class Evidence:
    """All that the gate judges on; labels are counted in the examples."""

    data: DataReference
    files: tuple[InputFile, ...]
    limits: DataLimits
    splits: Mapping[str, SplitSummary]
    anomalies: tuple[Anomaly, ...]
    labels: tuple[LabelCount, ...]
    label_name: str
    previous: PreviousData | None

    @property
    def paths(self) -> tuple[str, ...]:
        """Paths of the CSV files."""
        return tuple(file.path for file in self.files)

    @property
    def rows(self) -> int:
        """Rows of the CSV files, as CsvExampleGen read them."""
        return sum(file.rows for file in self.files)


@dataclasses.dataclass(frozen=True)
class Violation:
    """Something wrong with the data: a ``Finding`` before the rows at fault are looked up.

    Attributes:
        observed: What was observed, in a few words; None to describe the rows at fault.
        remedy: What to do about it, in a few words.
        row_test: What makes a row one at fault, where a row alone shows it.
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

    def conclude(
        self,
        severity: Severity,
        offenders: Offenders | None,
        all_rows: int,
        paths: Sequence[str],
    ) -> Finding:
        """Make a finding of it, with the rows that ``row_test`` found, if it has one."""
        rows = tuple(offenders.rows) if offenders and offenders.rows else self.rows
        observed = self.observed or (_describe(offenders, all_rows) if offenders else "")
        place = _locate(self.feature, rows, paths)
        return Finding(
            feature=self.feature,
            kind=self.kind,
            severity=severity,
            splits=self.splits,
            observed=observed,
            limit=self.limit,
            share=offenders.count / all_rows if offenders and all_rows else None,
            rows_affected=offenders.count if offenders else None,
            message=f"{place}: {observed}; expected {self.limit}; {self.remedy}",
            rows=rows,
            comparison=self.comparison,
        )


def _describe(offenders: Offenders, all_rows: int) -> str:
    share = f"{offenders.count:,} of {all_rows:,} rows ({offenders.count / max(all_rows, 1):.1%})"
    values = offenders.counts_of_values
    if not set(values) - {""}:
        return f"{share} have no value"
    shown = ", ".join(f"{value!r} ({rows:,})" for value, rows in values.most_common(_SHOWN_VALUES))
    more = len(values) - _SHOWN_VALUES
    return f"{share} hold {shown}{f' and {more} other values' if more > 0 else ''}"


def _locate(feature: str | None, rows: Sequence[OffendingRow], paths: Sequence[str]) -> str:
    if rows:
        place = f"{rows[0].file}, line {rows[0].line}"
    else:
        more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        place = f"{paths[0]}{more}"
    return f"{place}, column {feature!r}" if feature else place
