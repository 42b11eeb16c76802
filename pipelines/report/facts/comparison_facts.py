"""Compare two runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from components.curated_schema.schema_file import SCHEMA_FILE_NAME
from components.data_gate.drift import measure
from components.statistics_gen.column_limits import load_schema, read_limits
from components.statistics_gen.feature_statistics import (
    FeatureSummary,
    SplitSummary,
    load_split_summary,
)
from pipelines.records.nodes import NodeId
from pipelines.report.model.data_report import DataReport
from pipelines.report.model.run_comparison import (
    ColumnChange,
    GateChange,
    MetricChange,
    NodeChange,
    ParameterChange,
    RunComparison,
)
from pipelines.report.model.run_report import RunReport

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


def compare_runs(before: RunReport, after: RunReport) -> RunComparison:
    """Compare two runs, the older one first as a rule."""
    return RunComparison(
        before=before,
        after=after,
        metrics=tuple(_compare_metrics(before, after)),
        gates=tuple(sorted(_compare_gates(before, after), key=lambda change: not change.differs)),
        parameters=tuple(_compare_parameters(before, after)),
        columns=_compare_columns(before, after),
        nodes=tuple(_compare_nodes(before, after)),
    )


def _pair(
    before: Mapping[_Key, _Value], after: Mapping[_Key, _Value]
) -> Iterator[tuple[_Key, _Value | None, _Value | None]]:
    """Give every key of either, with both values; None where one does not have it."""
    for key in dict.fromkeys([*before, *after]):
        yield key, before.get(key), after.get(key)


def _compare_metrics(before: RunReport, after: RunReport) -> Iterator[MetricChange]:
    first, second = (
        {metric.name: metric.value for metric in run.summary.metrics} for run in (before, after)
    )
    for name, old, new in _pair(first, second):
        yield MetricChange(name=name, before=old, after=new)


def _compare_gates(before: RunReport, after: RunReport) -> Iterator[GateChange]:
    first, second = (
        {(gate.name, gate.rule, gate.slice): gate for gate in run.summary.gates}
        for run in (before, after)
    )
    for (name, rule, where), old, new in _pair(first, second):
        yield GateChange(name=name, rule=rule, slice=where, before=old, after=new)


def _compare_parameters(before: RunReport, after: RunReport) -> Iterator[ParameterChange]:
    first, second = ({node.id: node.parameters for node in run.nodes} for run in (before, after))
    for node, of_first, of_second in _pair(first, second):
        for name, old, new in sorted(_pair(of_first or {}, of_second or {})):
            if old != new:
                yield ParameterChange(node=node, name=name, before=old, after=new)


def _compare_nodes(before: RunReport, after: RunReport) -> Iterator[NodeChange]:
    first, second = ({node.id: node.row for node in run.nodes} for run in (before, after))
    for node, old, new in _pair(first, second):
        yield NodeChange(
            node=node,
            state_before=old and old.state.value,
            state_after=new and new.state.value,
            seconds_before=old and old.seconds,
            seconds_after=new and new.seconds,
        )


def _compare_columns(before: RunReport, after: RunReport) -> tuple[ColumnChange, ...]:
    """Compare every column of the training split, the furthest apart first."""
    first, second = (_load_training(run.data) for run in (before, after))
    limits = _read_drift_limits(after) or _read_drift_limits(before)
    # The columns of the second run come first.
    pairs = _pair(second.features if second else {}, first.features if first else {})
    changes = [_compare_column(name, old, new, limits.get(name)) for name, new, old in pairs]
    # A column that can't be compared comes first.
    return tuple(
        sorted(changes, key=lambda one: one.distance.value if one.distance else 1.0, reverse=True)
    )


def _compare_column(
    name: str, old: FeatureSummary | None, new: FeatureSummary | None, limit: float | None
) -> ColumnChange:
    def measure_missing(column: FeatureSummary | None) -> float | None:
        return column.missing / column.rows if column and column.rows else None

    return ColumnChange(
        feature=name,
        distance=measure(old, new) if old and new and old.rows and new.rows else None,
        limit=limit,
        missing_before=measure_missing(old),
        missing_after=measure_missing(new),
    )


def _load_training(data: DataReport | None) -> SplitSummary | None:
    """Load the statistics of the first of a run's splits, the training split; None if gone."""
    if data is None:
        return None
    dataset = data.datasets[0]
    return load_split_summary(Path(dataset.statistics_uri), dataset.split)


def _read_drift_limits(run: RunReport) -> dict[str, float | None]:
    """Read the drift limits of a run's curated schema; empty if it is gone."""
    for node in run.nodes:
        for output in node.outputs:
            path = Path(output.uri, SCHEMA_FILE_NAME)
            if node.id == NodeId.CURATED_SCHEMA and path.is_file():
                columns = read_limits(load_schema(path)).columns
                return {name: column.drift_limit for name, column in columns.items()}
    return {}
