"""What the curated schema and the one inferred from a run differ in, and how to accept it.

The inferred schema knows columns, types, texts, and whether every row has a value; of numbers it
knows nothing, so the smallest and largest are taken from the statistics.

This module is plain Python over schema protos.
"""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from components.curated_schema.schema_text import (
    Entry,
    append,
    find_field,
    find_named,
    list_entries,
    quote,
    remove,
    set_value,
)
from components.statistics_gen.column_limits import ColumnLimits, format_limit, read_limits
from components.statistics_gen.distances import Categories
from components.statistics_gen.feature_statistics import SplitSummary

Kind = Literal["new column", "missing column", "type", "presence", "values", "range"]

_SHOWN_VALUES = 10
_OF_ONE_TYPE = (
    "int_domain",
    "float_domain",
    "string_domain",
    "domain",
    "distribution_constraints",
    "drift_comparator",
    "skew_comparator",
)


@dataclasses.dataclass(frozen=True)
class SchemaDifference:
    """One thing in which the curated schema and a run's data differ.

    Attributes:
        curated: What the curated schema says, in a few words.
        observed: What came, in a few words.
        is_refused: Whether the curated schema does not allow what came.
        new_values: Texts that came and are not in the domain.
    """

    feature: str
    kind: Kind
    curated: str
    observed: str
    is_refused: bool
    new_values: tuple[str, ...] = ()

    @property
    def can_be_accepted(self) -> bool:
        """Whether the curated schema could allow more than it does."""
        return self.is_refused or bool(self.new_values)

    @property
    def line(self) -> str:
        """The difference in one line; ``!`` marks what the curated schema does not allow."""
        mark = "!" if self.is_refused else " "
        return f"{mark} {self.feature}: {self.kind}: {self.curated} -> {self.observed}"


def compare_schemas(
    curated: schema_pb2.Schema,
    inferred: schema_pb2.Schema,
    splits: Mapping[str, SplitSummary],
) -> tuple[SchemaDifference, ...]:
    """Compare the curated schema with what came.

    Args:
        inferred: The schema that SchemaGen inferred from the run's statistics.
        splits: Statistics of the run's splits; without any, ranges are not compared.

    Returns:
        The differences, in the curated schema's order; new columns at the end.
    """
    limits, seen = read_limits(curated).columns, read_limits(inferred).columns
    came = {feature.name: feature for feature in inferred.feature}
    differences: list[SchemaDifference] = []
    for feature in curated.feature:
        if feature.name in came:
            differences += _compare_column(
                feature, came[feature.name], limits[feature.name], seen[feature.name], splits
            )
        else:
            is_refused = feature.presence.min_count > 0 or feature.presence.min_fraction > 0
            differences.append(
                SchemaDifference(
                    feature.name,
                    "missing column",
                    _name_type(feature),
                    "no such column",
                    is_refused,
                )
            )
    known = set(limits)
    return (
        *differences,
        *(
            SchemaDifference(name, "new column", "no such column", _name_type(feature), True)
            for name, feature in came.items()
            if name not in known
        ),
    )


def accept_feature(
    schema_path: Path,
    inferred: schema_pb2.Schema,
    splits: Mapping[str, SplitSummary],
    feature: str,
) -> tuple[SchemaDifference, ...]:
    """Change the curated schema so that it allows what came in one column.

    Only the column's block and its domain are touched. What the schema allows already stays
    allowed: texts are added, ranges widened, and none is taken away.

    Args:
        schema_path: The curated ``schema.pbtxt``; it is replaced in one move.
        inferred: The schema that SchemaGen inferred from the run's statistics.

    Returns:
        The differences that were accepted; none if there was nothing to accept, and the file is
        as it was.

    Raises:
        ValueError: If neither schema knows the column, or it is missing from the data: which
            columns there must be is said by the feature table.
        RuntimeError: If the change would not come out as meant; the file is as it was.
    """
    text = schema_path.read_text(encoding="utf-8")
    curated = text_format.Parse(text, schema_pb2.Schema())
    names = {one.name for one in [*curated.feature, *inferred.feature]}
    if feature not in names:
        raise ValueError(f"got {feature!r}, expected one of {', '.join(sorted(names))}")
    wanted = _find_acceptable(curated, inferred, splits, feature)
    if not wanted:
        return ()
    [came] = [one for one in inferred.feature if one.name == feature] or [None]
    if came is None:
        raise ValueError(
            f"{feature!r} did not come; to do without it, remove it from the task's "
            "features.py and schema.pbtxt"
        )
    changed = _accept(text, came, read_limits(inferred).columns[feature], wanted, splits)
    _check_change(curated, changed, inferred, splits, feature)
    _replace(schema_path, changed)
    return wanted


def _find_acceptable(
    curated: schema_pb2.Schema,
    inferred: schema_pb2.Schema,
    splits: Mapping[str, SplitSummary],
    feature: str,
) -> tuple[SchemaDifference, ...]:
    return tuple(
        difference
        for difference in compare_schemas(curated, inferred, splits)
        if difference.feature == feature and difference.can_be_accepted
    )


def _compare_column(
    curated: schema_pb2.Feature,
    inferred: schema_pb2.Feature,
    limits: ColumnLimits,
    seen: ColumnLimits,
    splits: Mapping[str, SplitSummary],
) -> Iterator[SchemaDifference]:
    name = curated.name
    if curated.type != inferred.type:
        types = _name_type(curated), _name_type(inferred)
        yield SchemaDifference(name, "type", *types, is_refused=True)
        return
    yield from _compare_presence(curated, inferred, splits)
    yield from _compare_values(limits, seen, splits)
    yield from _compare_range(limits, splits)


def _compare_presence(
    curated: schema_pb2.Feature, inferred: schema_pb2.Feature, splits: Mapping[str, SplitSummary]
) -> Iterator[SchemaDifference]:
    is_needed, is_always = curated.value_count.min > 0, _has_always_a_value(inferred)
    if is_needed == is_always:
        return
    missing = [split.features[curated.name] for split in splits.values()]
    rows = sum(summary.missing for summary in missing)
    came = "a value in every row" if is_always else f"{rows:,} rows without a value"
    expected = "a value in every row" if is_needed else "a value in some rows"
    yield SchemaDifference(curated.name, "presence", expected, came, is_refused=is_needed)


def _compare_values(
    limits: ColumnLimits, seen: ColumnLimits, splits: Mapping[str, SplitSummary]
) -> Iterator[SchemaDifference]:
    if limits.values is None or seen.values is None:
        return
    new, gone = sorted(seen.values - limits.values), sorted(limits.values - seen.values)
    known = f"{len(limits.values):,} values"
    if new:
        share = max((_measure_outside(limits, split) for split in splits.values()), default=1.0)
        yield SchemaDifference(
            limits.name,
            "values",
            known,
            f"also {_list(new)}",
            is_refused=share > 1 - limits.min_domain_mass,
            new_values=tuple(new),
        )
    if gone:
        yield SchemaDifference(limits.name, "values", known, f"not {_list(gone)}", is_refused=False)


def _measure_outside(limits: ColumnLimits, split: SplitSummary) -> float:
    """Measure the share of a split's texts that are not in the domain."""
    summary = split.features.get(limits.name)
    if summary is None or not isinstance(summary.distribution, Categories) or not summary.present:
        return 0.0
    counts = summary.distribution.counts
    inside = sum(rows for value, rows in counts.items() if value in (limits.values or ()))
    return 1 - inside / summary.present


def _compare_range(
    limits: ColumnLimits, splits: Mapping[str, SplitSummary]
) -> Iterator[SchemaDifference]:
    low, high = find_range(limits.name, splits)
    if low is None or high is None or (limits.low is None and limits.high is None):
        return
    is_below = limits.low is not None and low < limits.low
    is_above = limits.high is not None and high > limits.high
    if is_below or is_above:
        yield SchemaDifference(
            limits.name,
            "range",
            f"{format_limit(limits.low)} to {format_limit(limits.high)}",
            f"{format_limit(low)} to {format_limit(high)}",
            is_refused=True,
        )


def find_range(
    feature: str, splits: Mapping[str, SplitSummary]
) -> tuple[float | None, float | None]:
    """Find the smallest and the largest number of a column over all splits.

    Returns:
        Both; None where no split holds a number in it.
    """
    found = [split.features[feature] for split in splits.values() if feature in split.features]
    lows = [summary.low for summary in found if summary.low is not None]
    highs = [summary.high for summary in found if summary.high is not None]
    return min(lows, default=None), max(highs, default=None)


def _accept(
    text: str,
    came: schema_pb2.Feature,
    seen: ColumnLimits,
    wanted: Sequence[SchemaDifference],
    splits: Mapping[str, SplitSummary],
) -> str:
    for difference in wanted:
        if difference.kind == "new column":
            text = _add_column(text, came, seen)
        elif difference.kind == "type":
            text = _change_type(text, came)
        elif difference.kind == "presence":
            text = set_value(text, _find_feature(text, came.name), ("value_count", "min"), "0")
        elif difference.kind == "values":
            text = _add_values(text, came.name, difference.new_values)
        elif difference.kind == "range":
            text = _widen_range(text, came, *find_range(came.name, splits))
    return text


def _add_column(text: str, came: schema_pb2.Feature, seen: ColumnLimits) -> str:
    """Add a column that no request has to carry, after the last one."""
    least = 1 if _has_always_a_value(came) else 0
    lines = [
        "feature {",
        f"  name: {quote(came.name)}",
        f"  type: {_name_type(came)}",
        f"  value_count {{ min: {least} max: 1 }}",
        "  presence { min_count: 0 }",
    ]
    if seen.values is not None:
        lines += ["  string_domain {", f"    name: {quote(came.name)}"]
        lines += [f"    value: {quote(value)}" for value in sorted(seen.values)]
        lines += ["  }"]
    block = "\n".join([*lines, "}"])
    last = max((one.end for one in list_entries(text) if one.name == "feature"), default=0)
    return f"{text[:last]}\n{block}{text[last:]}"


def _change_type(text: str, came: schema_pb2.Feature) -> str:
    """Change a column's type, and drop the limits that only the old type can have."""
    text = set_value(text, _find_feature(text, came.name), ("type",), _name_type(came))
    for name in _OF_ONE_TYPE:
        while field := find_field(text, _find_feature(text, came.name), name):
            text = remove(text, field)
    return text


def _add_values(text: str, name: str, values: Iterable[str]) -> str:
    """Add texts to a column's domain, be it its own or a shared one."""
    lines = [f"value: {quote(value)}" for value in values]
    feature = _find_feature(text, name)
    domain = find_field(text, feature, "string_domain")
    if domain is not None:
        return append(text, domain, *lines)
    reference = find_field(text, feature, "domain")
    assert reference is not None
    assert reference.value is not None
    shared = find_named(text, "string_domain", reference.value.strip("\"'"))
    assert shared is not None
    return append(text, shared, *lines)


def _widen_range(text: str, came: schema_pb2.Feature, low: float | None, high: float | None) -> str:
    """Move the ends of a column's range that the data goes beyond."""
    kind = "float_domain" if came.type == schema_pb2.FLOAT else "int_domain"
    for end, value, is_beyond in (("min", low, operator.lt), ("max", high, operator.gt)):
        domain = find_field(text, _find_feature(text, came.name), kind)
        limit = find_field(text, domain, end) if domain else None
        if limit and limit.value and value is not None and is_beyond(value, float(limit.value)):
            text = set_value(text, _find_feature(text, came.name), (kind, end), _write(value))
    return text


def _check_change(
    curated: schema_pb2.Schema,
    changed: str,
    inferred: schema_pb2.Schema,
    splits: Mapping[str, SplitSummary],
    feature: str,
) -> None:
    """Read the changed text back: the column is accepted, and no other has changed."""
    after = text_format.Parse(changed, schema_pb2.Schema())
    others_before, others_after = (
        {one.name: one for one in schema.feature if one.name != feature}
        for schema in (curated, after)
    )
    if others_before != others_after or _find_acceptable(after, inferred, splits, feature):
        raise RuntimeError(
            f"schema.pbtxt: {feature!r} can't be changed in the text; edit it by hand"
        )


def _replace(path: Path, text: str) -> None:
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)


def _find_feature(text: str, name: str) -> Entry:
    feature = find_named(text, "feature", name)
    assert feature is not None
    return feature


def _has_always_a_value(feature: schema_pb2.Feature) -> bool:
    """Whether a schema that SchemaGen inferred saw a value in every row."""
    return feature.HasField("shape") or feature.value_count.min > 0


def _name_type(feature: schema_pb2.Feature) -> str:
    return str(schema_pb2.FeatureType.Name(feature.type))


def _list(values: Sequence[str]) -> str:
    shown = ", ".join(map(repr, values[:_SHOWN_VALUES]))
    more = len(values) - _SHOWN_VALUES
    return f"{shown} and {more} more" if more > 0 else shown


def _write(number: float) -> str:
    """Write a number exactly, a whole one without a point."""
    return str(int(number)) if number.is_integer() else repr(number)
