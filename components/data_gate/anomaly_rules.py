"""What TFDV's anomalies mean in terms of cells: the rule, the remedy, the rows that break it."""

from __future__ import annotations

import functools
import sys
from collections.abc import Mapping, Sequence

from components.data_gate.evidence import Violation
from components.data_gate.findings import OffendingRow
from components.data_gate.offending_rows import (
    create_domain_test,
    create_missing_test,
    create_range_test,
)
from components.data_gate.published_anomalies import Anomaly
from components.statistics_gen.column_limits import ColumnLimits, format_limit, format_values

_DOMAIN = {"ENUM_TYPE_UNEXPECTED_STRING_VALUES", "BOOL_TYPE_UNEXPECTED_STRING"}
_BELOW = {"INT_TYPE_SMALL_INT", "FLOAT_TYPE_SMALL_FLOAT", "BOOL_TYPE_SMALL_INT"}
_ABOVE = {"INT_TYPE_BIG_INT", "FLOAT_TYPE_BIG_FLOAT", "BOOL_TYPE_BIG_INT"}
_NOT_FINITE = {"FLOAT_TYPE_HAS_NAN", "FLOAT_TYPE_HAS_INF"}
_MISSING = {
    "FEATURE_TYPE_LOW_NUMBER_VALUES",
    "FEATURE_TYPE_LOW_FRACTION_PRESENT",
    "FEATURE_TYPE_LOW_NUMBER_PRESENT",
    "FEATURE_TYPE_NOT_PRESENT",
    "FEATURE_TYPE_NO_VALUES",
}
_COLUMN = {"SCHEMA_NEW_COLUMN", "SCHEMA_MISSING_COLUMN"}

_MAX_SHOWN_VALUES = 5


def check_anomalies(
    anomalies: Sequence[Anomaly],
    columns: Mapping[str, ColumnLimits],
    paths: Sequence[str],
) -> tuple[Violation, ...]:
    """Put TFDV's anomalies in terms of cells: one violation per column and kind, as first found."""
    groups: dict[tuple[str | None, str], list[Anomaly]] = {}
    for anomaly in anomalies:
        groups.setdefault((anomaly.feature, anomaly.kind), []).append(anomaly)
    return tuple(
        _create_violation(group, columns.get(feature or "", ColumnLimits(feature or "")), paths)
        for (feature, _), group in groups.items()
    )


def _create_violation(
    group: Sequence[Anomaly], column: ColumnLimits, paths: Sequence[str]
) -> Violation:
    kind, feature = group[0].kind, group[0].feature
    splits = tuple(anomaly.split for anomaly in group)
    create = functools.partial(Violation, kind, feature, splits)
    accept = _accept(feature)
    if kind in _DOMAIN and column.values is not None:
        test = create_domain_test(column.name, column.values)
        return create(None, _describe_domain(column), f"correct the rows, or {accept}", test)
    low = column.low if kind in _BELOW else None
    high = column.high if kind in _ABOVE else None
    limit = f"at most {format_limit(high)}" if low is None else f"at least {format_limit(low)}"
    if kind in _NOT_FINITE:
        low, high, limit = -sys.float_info.max, sys.float_info.max, "a finite number"
    if low is not None or high is not None:
        test = create_range_test(column.name, low, high, column.is_float)
        return create(None, limit, f"correct the rows (another unit?), or {accept}", test)
    if kind in _MISSING:
        test = create_missing_test(column.name)
        return create(None, describe_presence(column), f"fill the cells, or {accept}", test)
    observed = group[0].message or kind
    limit = f"what schema.pbtxt allows for {'it' if feature else 'the data'}"
    if kind in _COLUMN:
        headers = tuple(OffendingRow(file=path, line=1, value=feature or "") for path in paths)
        return create(observed, limit, accept, rows=headers)
    return create(observed, limit, "correct the data, or the schema")


def describe_presence(column: ColumnLimits) -> str:
    """Describe in a few words how many rows must have a value."""
    if column.needs_value:
        return "a value in every row"
    if column.min_fraction > 0:
        return f"a value in at least {column.min_fraction:.1%} of a split's rows"
    return f"a value in at least {column.min_count:,} of a split's rows"


def _describe_domain(column: ColumnLimits) -> str:
    allowed = 1 - column.min_domain_mass
    share = f", in all but {allowed:.1%} of the rows with a value" if allowed > 0 else ""
    return f"one of {format_values(column.values or (), _MAX_SHOWN_VALUES)}{share}"


def _accept(feature: str | None) -> str:
    command = f"python -m pipelines schema accept --feature {feature}"
    return f"accept what came with `{command}`" if feature else "correct the data, or the schema"
