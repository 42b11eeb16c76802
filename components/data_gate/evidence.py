"""All that the gate judges on, as plain types."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from components.data_gate.findings import DataReference, LabelCount
from components.data_gate.published_anomalies import Anomaly
from components.examples.input_file import InputFile
from components.statistics_gen.column_limits import DataLimits
from components.statistics_gen.feature_statistics import SplitSummary


@dataclasses.dataclass(frozen=True)
class PreviousData:
    """The data that was accepted last.

    Attributes:
        training: Statistics of its training split.
        rows: Its rows, of all splits.
    """

    reference: DataReference
    training: SplitSummary
    rows: int
    files: tuple[InputFile, ...]


@dataclasses.dataclass(frozen=True)
class Evidence:
    """All that the gate judges on.

    Attributes:
        files: The CSV files that it came from, at least one.
        labels: The label in each split, counted in the examples.
        previous: The data that was accepted last; None where there is none.
    """

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
