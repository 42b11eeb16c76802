"""Gather the facts about a run's data from its artifacts, with the protos alone: no TFDV."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

from tensorflow_metadata.proto.v0 import statistics_pb2

from components.curated_schema.schema_diff import SchemaDifference, compare_schemas
from components.curated_schema.schema_file import SCHEMA_FILE_NAME
from components.data_gate.anomaly_kinds import Severity
from components.data_gate.findings import DataVerdict
from components.data_gate.severity import DataGateSettings
from components.statistics_gen.column_limits import load_schema
from components.statistics_gen.distances import Categories
from components.statistics_gen.feature_statistics import (
    FeatureSummary,
    SplitSummary,
    get_feature_name,
    load_split_statistics,
    summarize_split,
)
from pipelines.records.nodes import NodeId
from pipelines.records.run_summary import RunSummary
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
from pipelines.runs.recorded_run import RecordedRun
from schemas.feature_table import DType, FeatureTable

_MAX_VALUES = 20
_SEVERITIES: tuple[Severity | None, ...] = ("error", "warning", "ignore", None)


@dataclasses.dataclass(frozen=True)
class _LoadedDataset:
    """A dataset with its statistics, as TFDV wrote them and as DataGate reads them."""

    dataset: Dataset
    summary: SplitSummary
    features: Mapping[str, statistics_pb2.FeatureNameStatistics]

    @property
    def name(self) -> str:
        """Its name on the page."""
        return self.dataset.name


def collect_data(
    run: RecordedRun,
    summary: RunSummary,
    table: FeatureTable | None,
    settings: DataGateSettings,
    notes: list[str],
) -> DataReport | None:
    """Gather the facts about the data; None where there are no statistics of it any more.

    Args:
        table: The task's feature table; None where the task is not known any more.
        settings: DataGate's, as the run compiled them.
        notes: Gets a sentence for what can't be shown.
    """
    statistics = run.find_output(NodeId.STATISTICS_GEN, "statistics")
    if statistics is None:
        return None
    stored = run.find_output(NodeId.DATA_GATE, "verdict")
    if stored is not None and summary.data is None:
        notes.append(f"DataGate's verdict is gone, or of another version: {stored.artifact.uri}")
    wanted = [(split, split, statistics.artifact.uri) for split in statistics.split_names]
    if summary.data and summary.data.previous:
        split = settings.training_split
        wanted.append((f"previous {split}", split, summary.data.previous.statistics_uri))
    datasets = []
    for name, split, uri in wanted:
        try:
            datasets.append(_load_dataset(name, split, uri))
        except FileNotFoundError:
            notes.append(f"the statistics of {name} are gone: {uri}")
    if all(loaded.dataset.is_previous for loaded in datasets):
        return None
    return DataReport(
        datasets=tuple(loaded.dataset for loaded in datasets),
        features=_report_features(datasets, summary.data, table),
        verdict=summary.data,
        anomalies=summary.anomalies,
        schema_differences=_compare_schemas(run, datasets, notes),
    )


def _load_dataset(name: str, split: str, uri: str) -> _LoadedDataset:
    proto = load_split_statistics(Path(uri), split)
    summary = summarize_split(proto)
    [features] = (one.features for one in proto.datasets)
    return _LoadedDataset(
        Dataset(
            name=name,
            split=split,
            is_previous=name != split,
            rows=summary.rows,
            statistics_uri=uri,
        ),
        summary,
        {get_feature_name(feature): feature for feature in features},
    )


def _compare_schemas(
    run: RecordedRun, datasets: Sequence[_LoadedDataset], notes: list[str]
) -> tuple[SchemaDifference, ...]:
    curated = run.find_output(NodeId.CURATED_SCHEMA, "schema")
    inferred = run.find_output(NodeId.SCHEMA_GEN, "schema")
    if curated is None or inferred is None:
        return ()
    splits = {loaded.name: loaded.summary for loaded in datasets if not loaded.dataset.is_previous}
    try:
        first, second = (load_schema(one.path / SCHEMA_FILE_NAME) for one in (curated, inferred))
    except FileNotFoundError as error:
        notes.append(f"a schema is gone: {error.filename}")
        return ()
    return compare_schemas(first, second, splits)


def _report_features(
    datasets: Sequence[_LoadedDataset], verdict: DataVerdict | None, table: FeatureTable | None
) -> tuple[FeatureReport, ...]:
    found = dict.fromkeys(name for loaded in datasets for name in loaded.features)
    known = [name for name in (table.names if table else ()) if name in found]
    reports = [
        _report_feature(name, datasets, verdict, table) for name in dict.fromkeys([*known, *found])
    ]
    return tuple(sorted(reports, key=_rank))


def _rank(feature: FeatureReport) -> tuple[int, float]:
    """Rank a column by its problems; equals stay in order."""
    worst = feature.worst_comparison
    return _SEVERITIES.index(feature.severity), -measure_use(worst) if worst else 0.0


def _report_feature(
    name: str,
    datasets: Sequence[_LoadedDataset],
    verdict: DataVerdict | None,
    table: FeatureTable | None,
) -> FeatureReport:
    known = table.feature(name) if table and name in table.names else None
    having = [loaded for loaded in datasets if name in loaded.features]
    columns = {
        loaded.name: distribution
        for loaded in having
        if (distribution := loaded.summary.features[name].distribution) is not None
    }
    kinds = ["categories" if isinstance(one, Categories) else "numbers" for one in columns.values()]
    return FeatureReport(
        name=name,
        kind=kinds[0] if kinds else "unknown",
        dtype=known.dtype.value if known else None,
        unit=known.unit if known else "",
        meaning=known.meaning if known else "",
        role=known.role.value if known else None,
        statistics=tuple(_measure(loaded, name) for loaded in having),
        overlay=overlay(columns, is_whole=known is not None and known.dtype is DType.INT),
        comparisons=tuple(one for one in verdict.scores if one.feature == name) if verdict else (),
        findings=tuple(one for one in verdict.findings if one.feature == name) if verdict else (),
    )


def _measure(loaded: _LoadedDataset, name: str) -> FeatureStatistics:
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
    kind = statistics_pb2.Histogram.STANDARD
    standard = [histogram for histogram in numbers.histograms if histogram.type == kind]
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
            for bucket in text.rank_histogram.buckets[:_MAX_VALUES]
        ),
    )
