"""What the gate found and decided: the content of ``verdict.json``; plain Python."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from components.data_gate.anomaly_kinds import Severity
from components.examples.input_file import InputFile
from components.problem import Problem
from components.record import Record
from components.record_file import read_record
from components.statistics_gen.distances import Distance

FILE_NAME = "verdict.json"
ARTIFACT_TYPE = "DataVerdict"
"""Name of the artifact's type in the metadata store."""
ACCEPTED_PROPERTY = "accepted"
"""Its custom property: 1 if the data may go on, 0 if it is refused."""
STATISTICS_ID_PROPERTY = "statistics_id"
"""Its custom property: id of the statistics that were judged."""
EXAMPLES_ID_PROPERTY = "examples_id"
"""Its custom property: id of the examples that were judged."""
SPAN_PROPERTY = "span"
"""Its custom property: number of the span that was judged; 0 for data without one."""


class OffendingRow(Record):
    """One row at fault in a CSV file.

    Attributes:
        line: Physical line on which it begins, counted from 1 (the header).
        value: Its value in the column at fault, as text; empty where it is missing.
    """

    file: str
    line: int
    value: str


class Comparison(Record):
    """How far a column of one split is from what it is compared with.

    Attributes:
        basis: ``drift`` from the previous accepted data, or ``skew`` from the training split.
        reference: What it is compared with, in words.
        limit: Maximum of the distance, beyond its noise; from the curated schema.
    """

    feature: str
    basis: Literal["drift", "skew"]
    split: str
    reference: str
    limit: float
    is_exceeded: bool
    distance: Distance


class Finding(Record):
    """One thing found in the data.

    Attributes:
        feature: Column at fault; None for the data as a whole.
        kind: Rule broken: a kind of ``anomaly_kinds``.
        splits: Splits that it was found in; none where it is about the files.
        limit: What was expected, in a few words, as ``observed`` is.
        share: Share of all rows at fault, 0 to 1; None where it is not about rows.
        message: One line: where, what, and the remedy.
        rows: The first of ``rows_affected``.
        comparison: The score behind it, for drift and skew.
    """

    feature: str | None
    kind: str
    severity: Severity
    splits: tuple[str, ...]
    observed: str
    limit: str
    share: float | None = None
    rows_affected: int | None = None
    message: str
    rows: tuple[OffendingRow, ...] = ()
    comparison: Comparison | None = None

    @property
    def problem(self) -> Problem:
        """The finding as one problem, at the first of the rows at fault."""
        first = self.rows[0] if self.rows else None
        return Problem(
            rule=self.kind,
            message=self.message,
            file=first.file if first else None,
            line=first.line if first else None,
            column=self.feature,
            value=first.value if first else self.observed,
        )


class DataReference(Record):
    """Statistics of some data, by their id in the store, and which span it was.

    Attributes:
        span: First day of the span, ``YYYY-MM-DD``; None if the data was not read as a span.
    """

    statistics_id: int
    statistics_uri: str
    span: str | None

    @property
    def name(self) -> str:
        """How a message names it."""
        return f"span {self.span}" if self.span else f"the data of statistics {self.statistics_id}"


class LabelCount(Record):
    """Rows of one split, and how many of them have label 1."""

    split: str
    rows: int
    positives: int

    @property
    def is_constant(self) -> bool:
        """Whether all rows have the same label; an empty split has no label at all."""
        return self.rows > 0 and self.positives in (0, self.rows)


class DataVerdict(Record):
    """Whether the data may go on, and why, in one line.

    Attributes:
        previous: The accepted data that it was compared with; None where there was none, and
            drift was not checked.
        row_counts: Rows by step (``the CSV files``, ``CsvExampleGen``, ``StatisticsGen``), then
            split or ``all``.
        findings: What was found, errors first.
        scores: Every comparison with a limit in the schema.
    """

    accepted: bool
    summary: str
    data: DataReference
    previous: DataReference | None
    files: tuple[InputFile, ...]
    row_counts: dict[str, dict[str, int]]
    labels: tuple[LabelCount, ...]
    findings: tuple[Finding, ...]
    scores: tuple[Comparison, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that stop the run."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The findings that stop the run, in the form in which every step refuses data."""
        return tuple(finding.problem for finding in self.errors)


def read_verdict(directory: Path) -> DataVerdict:
    """Read the verdict from the folder of a ``DataVerdict`` artifact.

    Raises:
        FileNotFoundError: If there is none.
        UnreadableRecordError: If it is not one of this version.
    """
    return read_record(DataVerdict, directory / FILE_NAME)
