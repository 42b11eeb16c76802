"""Lay two runs side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from components.curated_schema.schema_file import SCHEMA_FILE_NAME
from components.data_gate.drift import measure
from components.model_validator.gate_result import GateResult
from components.statistics_gen.column_limits import load_schema, read_limits
from components.statistics_gen.feature_statistics import SplitSummary, load_split_summary
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


def compare_runs(before: RunReport, after: RunReport) -> RunComparison:
    """Lay two runs side by side.

    Args:
        before: The first, the older as a rule.
    """
    return RunComparison(
        before=before,
        after=after,
        metrics=tuple(_compare_metrics(before, after)),
        gates=tuple(
            sorted(
                _compare_gates(before.summary.gates, after.summary.gates),
                key=lambda change: not change.differs,
            )
        ),
        parameters=tuple(_compare_parameters(before, after)),
        columns=_compare_columns(before, after),
        nodes=tuple(_compare_nodes(before, after)),
    )


def _compare_metrics(before: RunReport, after: RunReport) -> Iterator[MetricChange]:
    first, second = (
        {metric.name: metric.value for metric in run.summary.metrics} for run in (before, after)
    )
    for name in dict.fromkeys([*first, *second]):
        yield MetricChange(name=name, before=first.get(name), after=second.get(name))


def _compare_gates(
    before: Sequence[GateResult], after: Sequence[GateResult]
) -> Iterator[GateChange]:
    first, second = (
        {(gate.name, gate.rule, gate.slice): gate for gate in gates} for gates in (before, after)
    )
    for key in dict.fromkeys([*first, *second]):
        name, rule, where = key
        yield GateChange(
            name=name, rule=rule, slice=where, before=first.get(key), after=second.get(key)
        )


def _compare_parameters(before: RunReport, after: RunReport) -> Iterator[ParameterChange]:
    first, second = ({node.id: node.parameters for node in run.nodes} for run in (before, after))
    for node in dict.fromkeys([*first, *second]):
        old, new = first.get(node, {}), second.get(node, {})
        for name in sorted(old.keys() | new.keys()):
            if old.get(name) != new.get(name):
                yield ParameterChange(
                    node=node, name=name, before=old.get(name), after=new.get(name)
                )


def _compare_nodes(before: RunReport, after: RunReport) -> Iterator[NodeChange]:
    first, second = ({node.id: node.row for node in run.nodes} for run in (before, after))
    for node in dict.fromkeys([*first, *second]):
        old, new = first.get(node), second.get(node)
        yield NodeChange(
            node=node,
            state_before=old.state.value if old else None,
            state_after=new.state.value if new else None,
            seconds_before=old.seconds if old else None,
            seconds_after=new.seconds if new else None,
        )


def _compare_columns(before: RunReport, after: RunReport) -> tuple[ColumnChange, ...]:
    """Compare every column of the training split, the furthest apart first."""
    first, second = (_load_training(run.data) for run in (before, after))
    limits = _read_drift_limits(after) or _read_drift_limits(before)
    names = dict.fromkeys(
        name for split in (second, first) for name in (split.features if split else ())
    )
    changes = [_compare_column(name, first, second, limits.get(name)) for name in names]
    return tuple(sorted(changes, key=lambda change: -_measure(change)))


def _measure(change: ColumnChange) -> float:
    """Measure how far apart two columns are; one that can't be compared stands first."""
    return change.distance.value if change.distance else 1.0


def _compare_column(
    name: str, before: SplitSummary | None, after: SplitSummary | None, limit: float | None
) -> ColumnChange:
    old = before.features.get(name) if before else None
    new = after.features.get(name) if after else None
    can_be_compared = old is not None and new is not None and old.rows and new.rows
    return ColumnChange(
        feature=name,
        distance=measure(old, new) if can_be_compared and old and new else None,
        limit=limit,
        missing_before=old.missing / old.rows if old and old.rows else None,
        missing_after=new.missing / new.rows if new and new.rows else None,
    )


def _load_training(data: DataReport | None) -> SplitSummary | None:
    """Load the statistics of the first of a run's splits, the training split; None if gone."""
    if data is None:
        return None
    dataset = data.datasets[0]
    return load_split_summary(Path(dataset.statistics_uri), dataset.split)


def _read_drift_limits(run: RunReport) -> dict[str, float | None]:
    """Read the drift limits of a run's curated schema; none if it is gone."""
    for node in run.nodes:
        for output in node.outputs:
            path = Path(output.uri, SCHEMA_FILE_NAME)
            if node.id == "CuratedSchema" and path.is_file():
                columns = read_limits(load_schema(path)).columns
                return {name: column.drift_limit for name, column in columns.items()}
    return {}
