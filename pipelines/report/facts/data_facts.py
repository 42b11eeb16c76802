"""Gather what is told of a run's data from its artifacts, with the protos alone: no TFDV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from tensorflow_metadata.proto.v0 import statistics_pb2

from components.curated_schema.schema_diff import SchemaDifference, compare_schemas
from components.curated_schema.schema_file import SCHEMA_FILE_NAME
from components.data_gate.anomaly_kinds import Severity
from components.data_gate.findings import Comparison, DataVerdict
from components.data_gate.severity import DataGateSettings
from components.statistics_gen.column_limits import load_schema
from components.statistics_gen.distances import Categories, Quantiles
from components.statistics_gen.feature_statistics import (
    FeatureSummary,
    get_feature_name,
    load_split_statistics,
    summarize_split,
)
from pipelines.metadata.run_store import StoredArtifact
from pipelines.records.nodes import NodeId
from pipelines.report.facts.overlay import overlay
from pipelines.report.model.data_report import (
    Bucket,
    CategoryStatistics,
    DataReport,
    Dataset,
    FeatureReport,
    FeatureStatistics,
    NumberStatistics,
    ValueCount,
    measure_use,
)
from pipelines.runs.run_summary import RunSummary
from schemas.feature_table import DType, FeatureTable

_MOST_VALUES = 20
_SEVERITIES: tuple[Severity | None, ...] = ("error", "warning", "ignore", None)

_Features = Mapping[str, statistics_pb2.FeatureNameStatistics]


class LoadedDataset:
    """A dataset with its statistics, as TFDV wrote them and as DataGate reads them."""

    def __init__(self, dataset: Dataset) -> None:
        """Load the statistics.

        Raises:
            FileNotFoundError: If they are gone.
        """
        proto = load_split_statistics(Path(dataset.statistics_uri), dataset.split)
        self.summary = summarize_split(proto)
        self.dataset = dataset.model_copy(update={"rows": self.summary.rows})
        [features] = (one.features for one in proto.datasets)
        self.features: _Features = {get_feature_name(feature): feature for feature in features}

    @property
    def name(self) -> str:
        """Its name on the page."""
        return self.dataset.name


def collect_data(
    outputs: Mapping[str, Sequence[StoredArtifact]],
    summary: RunSummary,
    table: FeatureTable | None,
    settings: DataGateSettings,
    notes: list[str],
) -> DataReport | None:
    """Gather what is told of the data.

    Args:
        table: The task's feature table; None where the task is not known any more.
        settings: DataGate's, as the run compiled them.
        notes: Gets a sentence for what can't be shown.

    Returns:
        The data; None where there are no statistics of it any more.
    """
    statistics = find_output(outputs, NodeId.STATISTICS_GEN, "statistics")
    if statistics is None:
        return None
    verdict = find_output(outputs, NodeId.DATA_GATE, "verdict")
    if verdict is not None and summary.data is None:
        notes.append(f"DataGate's verdict is gone, or of another version: {verdict.artifact.uri}")
    datasets = _load_datasets(statistics, summary.data, settings, notes)
    if not any(not loaded.dataset.is_previous for loaded in datasets):
        return None
    return DataReport(
        datasets=tuple(loaded.dataset for loaded in datasets),
        features=_report_features(datasets, summary.data, table),
        verdict=summary.data,
        anomalies=summary.anomalies,
        schema_differences=_compare_schemas(outputs, datasets, notes),
    )


def find_output(
    outputs: Mapping[str, Sequence[StoredArtifact]], node: str, key: str
) -> StoredArtifact | None:
    """Find what a node put out; None where it did not."""
    return next((stored for stored in outputs.get(node, ()) if stored.key == key), None)


def _load_datasets(
    statistics: StoredArtifact,
    verdict: DataVerdict | None,
    settings: DataGateSettings,
    notes: list[str],
) -> list[LoadedDataset]:
    wanted = [
        Dataset(
            name=split,
            split=split,
            is_previous=False,
            rows=0,
            statistics_uri=statistics.artifact.uri,
        )
        for split in statistics.split_names
    ]
    if verdict is not None and verdict.previous is not None:
        wanted.append(
            Dataset(
                name=f"previous {settings.training_split}",
                split=settings.training_split,
                is_previous=True,
                rows=0,
                statistics_uri=verdict.previous.statistics_uri,
            )
        )
    loaded = []
    for dataset in wanted:
        try:
            loaded.append(LoadedDataset(dataset))
        except FileNotFoundError:
            notes.append(f"the statistics of {dataset.name} are gone: {dataset.statistics_uri}")
    return loaded


def _compare_schemas(
    outputs: Mapping[str, Sequence[StoredArtifact]],
    datasets: Sequence[LoadedDataset],
    notes: list[str],
) -> tuple[SchemaDifference, ...]:
    curated = find_output(outputs, NodeId.CURATED_SCHEMA, "schema")
    inferred = find_output(outputs, NodeId.SCHEMA_GEN, "schema")
    if curated is None or inferred is None:
        return ()
    splits = {loaded.name: loaded.summary for loaded in datasets if not loaded.dataset.is_previous}
    try:
        return compare_schemas(
            load_schema(curated.path / SCHEMA_FILE_NAME),
            load_schema(inferred.path / SCHEMA_FILE_NAME),
            splits,
        )
    except FileNotFoundError as error:
        notes.append(f"a schema is gone: {error.filename}")
        return ()


def _report_features(
    datasets: Sequence[LoadedDataset], verdict: DataVerdict | None, table: FeatureTable | None
) -> tuple[FeatureReport, ...]:
    names = dict.fromkeys(
        [*(table.names if table else ()), *(name for one in datasets for name in one.features)]
    )
    reports = [
        _report_feature(name, datasets, verdict, table)
        for name in names
        if any(name in loaded.features for loaded in datasets)
    ]
    return tuple(sorted(reports, key=_rank))


def _rank(feature: FeatureReport) -> tuple[int, float]:
    """Rank a column by trouble; equals stay in order."""
    worst = feature.worst_comparison
    return _SEVERITIES.index(feature.severity), -measure_use(worst) if worst else 0.0


def _report_feature(
    name: str,
    datasets: Sequence[LoadedDataset],
    verdict: DataVerdict | None,
    table: FeatureTable | None,
) -> FeatureReport:
    known = table.feature(name) if table and name in table.names else None
    having = [loaded for loaded in datasets if name in loaded.features]
    columns = {
        loaded.name: distribution
        for loaded in having
        for distribution in [loaded.summary.features[name].distribution]
        if distribution is not None
    }
    return FeatureReport(
        name=name,
        kind=_name_kind(columns),
        dtype=known.dtype.value if known else None,
        unit=known.unit if known else "",
        meaning=known.meaning if known else "",
        role=known.role.value if known else None,
        statistics=tuple(_measure(loaded, name) for loaded in having),
        overlay=overlay(columns, is_whole=known is not None and known.dtype is DType.INT),
        comparisons=_list_comparisons(verdict, name),
        findings=tuple(
            finding for finding in (verdict.findings if verdict else ()) if finding.feature == name
        ),
    )


def _list_comparisons(verdict: DataVerdict | None, name: str) -> tuple[Comparison, ...]:
    scores = verdict.scores if verdict else ()
    return tuple(comparison for comparison in scores if comparison.feature == name)


def _name_kind(
    columns: Mapping[str, Categories | Quantiles],
) -> Literal["numbers", "categories", "unknown"]:
    first = next(iter(columns.values()), None)
    if first is None:
        return "unknown"
    return "categories" if isinstance(first, Categories) else "numbers"


def _measure(loaded: LoadedDataset, name: str) -> FeatureStatistics:
    summary, proto = loaded.summary.features[name], loaded.features[name]
    kind = proto.WhichOneof("stats")
    return FeatureStatistics(
        dataset=loaded.name,
        rows=summary.rows,
        missing=summary.missing,
        numbers=(
            _measure_numbers(proto.num_stats) if kind == "num_stats" and summary.present else None
        ),
        categories=(
            _measure_categories(proto.string_stats, summary) if kind == "string_stats" else None
        ),
    )


def _measure_numbers(numbers: statistics_pb2.NumericStatistics) -> NumberStatistics:
    standard = [
        histogram
        for histogram in numbers.histograms
        if histogram.type == statistics_pb2.Histogram.STANDARD
    ]
    return NumberStatistics(
        min=numbers.min,
        median=numbers.median,
        max=numbers.max,
        mean=numbers.mean,
        std_dev=numbers.std_dev,
        zeros=numbers.num_zeros,
        histogram=tuple(
            Bucket(low=bucket.low_value, high=bucket.high_value, rows=bucket.sample_count)
            for histogram in standard[:1]
            for bucket in histogram.buckets
        ),
    )


def _measure_categories(
    text: statistics_pb2.StringStatistics, summary: FeatureSummary
) -> CategoryStatistics:
    # The rank histogram holds the values in order of their rows; `top_values` is its beginning.
    return CategoryStatistics(
        distinct=summary.unique or 0,
        top_values=tuple(
            ValueCount(value=bucket.label, rows=bucket.sample_count)
            for bucket in text.rank_histogram.buckets[:_MOST_VALUES]
        ),
    )
