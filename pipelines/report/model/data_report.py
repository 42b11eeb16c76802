"""The facts about a run's data: every column, by split, beside the data accepted before."""

from __future__ import annotations

from typing import Literal

from components.curated_schema.schema_diff import SchemaDifference
from components.data_gate.anomaly_kinds import Severity
from components.data_gate.findings import Comparison, DataVerdict, Finding
from components.data_gate.published_anomalies import Anomaly
from components.frozen_model import FrozenModel


class Dataset(FrozenModel):
    """Rows that statistics were computed over.

    Attributes:
        name: Its name on the page, unique in the report: a split's, such as ``train``, or
            ``previous train``.
        is_previous: Whether it is the data accepted before, not this run's.
        statistics_uri: Folder of the ``ExampleStatistics`` artifact.
    """

    name: str
    split: str
    is_previous: bool
    rows: int
    statistics_uri: str


class Bucket(FrozenModel):
    """One bucket of a histogram of TFDV's, which estimates rows: they can be a fraction."""

    low: float
    high: float
    rows: float


class NumberStatistics(FrozenModel):
    """A column of numbers in one dataset, in its unit, over the rows with a value; at least one.

    Attributes:
        median: As TFDV estimates it.
        histogram: TFDV's standard histogram, of equally wide buckets from min to max.
    """

    min: float
    median: float
    max: float
    mean: float
    std_dev: float
    zeros: int
    histogram: tuple[Bucket, ...]


class ValueCount(FrozenModel):
    """One value, as text, and its rows."""

    value: str
    rows: float


class CategoryStatistics(FrozenModel):
    """A column of texts, or of numbers that are names, in one dataset.

    Attributes:
        top_values: The most frequent values, most frequent first; at most 20.
    """

    distinct: int
    top_values: tuple[ValueCount, ...]


class FeatureStatistics(FrozenModel):
    """One column in one dataset.

    Attributes:
        numbers: Of a column of numbers; None for another, or without a value.
        categories: Of a column of categories; None for another.
    """

    dataset: str
    rows: int
    missing: int
    numbers: NumberStatistics | None
    categories: CategoryStatistics | None

    @property
    def missing_share(self) -> float:
        """Share of rows without a value, 0 to 1; 0 without rows."""
        return self.missing / self.rows if self.rows else 0.0


class OverlayBin(FrozenModel):
    """One bin that all datasets of a column are cut into.

    Attributes:
        label: The value, the interval, ``missing`` or ``all other values``.
        low: Lower limit of an interval; None where it is open, or there is none; so is ``high``.
        shares: Share of each dataset's rows, 0 to 1, by the dataset's name; over all bins of an
            overlay each dataset's shares sum to 1.
    """

    label: str
    low: float | None = None
    high: float | None = None
    shares: dict[str, float]


class FeatureReport(FrozenModel):
    """One column.

    Attributes:
        kind: ``unknown`` where TFDV describes neither numbers nor categories.
        dtype: ``int``, ``float`` or ``bytes``; None for a column that the feature table does not
            know, which has no ``role`` (``input``, ``label source`` or ``context``) and an empty
            ``unit`` and ``meaning`` too.
        statistics: Per dataset that has the column, in the order of ``DataReport.datasets``.
        overlay: The same bins for all datasets, to lay over each other; of numbers cut at the
            training split's quantiles, so that bins are not equally wide.
        comparisons: Its drift and skew scores, with limits and bins.
        findings: What DataGate found in it, errors first.
    """

    name: str
    kind: Literal["numbers", "categories", "unknown"]
    dtype: str | None
    unit: str
    meaning: str
    role: str | None
    statistics: tuple[FeatureStatistics, ...]
    overlay: tuple[OverlayBin, ...]
    comparisons: tuple[Comparison, ...]
    findings: tuple[Finding, ...]

    @property
    def severity(self) -> Severity | None:
        """The worst severity of its findings; None where there are none."""
        return self.findings[0].severity if self.findings else None

    @property
    def worst_comparison(self) -> Comparison | None:
        """The score that uses most of its limit; None where none was computed."""
        return max(self.comparisons, key=measure_use, default=None)


class DataReport(FrozenModel):
    """The data of a run.

    Attributes:
        datasets: What statistics there are of: this run's splits, then the previous data's
            training split where there is one.
        features: By severity of findings, then by use of a drift or skew limit, then as in the
            feature table.
        verdict: What DataGate found and decided: findings with offending rows, files, row counts,
            labels, previous data; None where it did not get that far.
        anomalies: What ExampleValidator published, in TFDV's words.
        schema_differences: Of the curated schema from the one inferred from this data.
    """

    datasets: tuple[Dataset, ...]
    features: tuple[FeatureReport, ...]
    verdict: DataVerdict | None
    anomalies: tuple[Anomaly, ...]
    schema_differences: tuple[SchemaDifference, ...]


def measure_use(comparison: Comparison) -> float:
    """Measure how much of its limit and noise a score uses; above 1 the limit is exceeded."""
    allowed = comparison.limit + comparison.distance.noise
    return comparison.distance.value / allowed if allowed else 0.0
