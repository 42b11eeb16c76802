"""Differences between the curated schema and the one inferred from a run, and accepting them.

The inferred schema knows columns, types, texts, and whether every row has a value. It has no ranges
of numbers, so these come from the statistics.
"""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from components.atomic_write import atomic_write
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
from components.statistics_gen.column_limits import (
    ColumnLimits,
    format_limit,
    format_values,
    read_limits,
)
from components.statistics_gen.distances import Categories
from components.statistics_gen.feature_statistics import SplitSummary

Kind = Literal["new column", "missing column", "type", "presence", "values", "range"]

_MAX_SHOWN_VALUES = 10
_LIMITS_OF_A_TYPE = (
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
    """One difference between the curated schema and a run's data, each in a few words.

    Attributes:
        is_refused: Whether the curated schema does not allow the data.
        new_values: Texts in the data that are not in the domain.
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
    """Compare the curated schema with the data, by the schema inferred from it and its statistics.

    Returns:
        The differences, in the curated schema's order; new columns at the end. Ranges are not
        compared without statistics.
    """
    limits, seen = read_limits(curated).columns, read_limits(inferred).columns
    observed = {feature.name: feature for feature in inferred.feature}
    differences: list[SchemaDifference] = []
    for feature in curated.feature:
        name = feature.name
        if name in observed:
            differences += _compare_column(
                feature, observed[name], limits[name], seen[name], splits
            )
        else:
            is_refused = limits[name].min_count > 0 or limits[name].min_fraction > 0
            what = (_name_type(feature), "no such column")
            differences.append(SchemaDifference(name, "missing column", *what, is_refused))
    differences += [
        SchemaDifference(name, "new column", "no such column", _name_type(feature), True)
        for name, feature in observed.items()
        if name not in limits
    ]
    return tuple(differences)


def accept_feature(
    schema_path: Path,
    inferred: schema_pb2.Schema,
    splits: Mapping[str, SplitSummary],
    feature: str,
) -> tuple[SchemaDifference, ...]:
    """Change the curated ``schema.pbtxt``, in one move, so that it allows one column's data.

    Only the column's block and its domain are touched. What the schema allows already stays
    allowed: texts are added, ranges widened, and none is taken away.

    Returns:
        The differences that were accepted; none if there was nothing to accept, and the file is
        as it was.

    Raises:
        ValueError: If neither schema knows the column, or it is missing from the data: the feature
            table says which columns there must be.
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
    observed = next((one for one in inferred.feature if one.name == feature), None)
    if observed is None:
        raise ValueError(
            f"{feature!r} did not occur in the data; if it is no longer needed, remove it from the "
            "task's features.py and schema.pbtxt"
        )
    editor = _ColumnEditor(text, observed, read_limits(inferred).columns[feature])
    for difference in wanted:
        editor.accept(difference, splits)
    _check_change(curated, editor.text, inferred, splits, feature)
    atomic_write(schema_path, editor.text.encode())
    return wanted


def find_range(
    feature: str, splits: Mapping[str, SplitSummary]
) -> tuple[float | None, float | None]:
    """Find the smallest and the largest number of a column in all splits, if there are any."""
    found = [split.features[feature] for split in splits.values() if feature in split.features]
    lows = [summary.low for summary in found if summary.low is not None]
    highs = [summary.high for summary in found if summary.high is not None]
    return min(lows, default=None), max(highs, default=None)


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
        yield SchemaDifference(name, "type", _name_type(curated), _name_type(inferred), True)
        return
    is_needed, is_always = limits.needs_value, _always_has_a_value(inferred)
    if is_needed != is_always:
        rows = sum(split.features[name].missing for split in splits.values())
        observed = "a value in every row" if is_always else f"{rows:,} rows without a value"
        expected = "a value in every row" if is_needed else "a value in some rows"
        yield SchemaDifference(name, "presence", expected, observed, is_refused=is_needed)
    if limits.values is not None and seen.values is not None:
        yield from _compare_values(name, limits, seen.values, splits)
    low, high = find_range(name, splits)
    is_below = low is not None and limits.low is not None and low < limits.low
    is_above = high is not None and limits.high is not None and high > limits.high
    if is_below or is_above:
        allowed = f"{format_limit(limits.low)} to {format_limit(limits.high)}"
        observed = f"{format_limit(low)} to {format_limit(high)}"
        yield SchemaDifference(name, "range", allowed, observed, is_refused=True)


def _compare_values(
    name: str, limits: ColumnLimits, seen: frozenset[str], splits: Mapping[str, SplitSummary]
) -> Iterator[SchemaDifference]:
    allowed = limits.values or frozenset()
    new, gone = sorted(seen - allowed), sorted(allowed - seen)
    known = f"{len(allowed):,} values"
    if new:
        shares = (_measure_outside(name, allowed, split) for split in splits.values())
        is_refused = max(shares, default=1.0) > 1 - limits.min_domain_mass
        also = f"also {format_values(new, _MAX_SHOWN_VALUES)}"
        yield SchemaDifference(name, "values", known, also, is_refused, new_values=tuple(new))
    if gone:
        observed = f"not {format_values(gone, _MAX_SHOWN_VALUES)}"
        yield SchemaDifference(name, "values", known, observed, is_refused=False)


def _measure_outside(name: str, allowed: frozenset[str], split: SplitSummary) -> float:
    """Measure the share of a split's texts that are not in the domain."""
    summary = split.features.get(name)
    if summary is None or not isinstance(summary.distribution, Categories) or not summary.present:
        return 0.0
    counts = summary.distribution.counts
    return 1 - sum(rows for value, rows in counts.items() if value in allowed) / summary.present


class _ColumnEditor:
    def __init__(self, text: str, observed: schema_pb2.Feature, seen: ColumnLimits) -> None:
        self.text = text
        self._observed = observed
        self._seen = seen

    def accept(self, difference: SchemaDifference, splits: Mapping[str, SplitSummary]) -> None:
        """Allow what was observed; a missing column can't be accepted."""
        if difference.kind == "new column":
            self._add_column()
        elif difference.kind == "type":
            self._change_type()
        elif difference.kind == "presence":
            self.text = set_value(self.text, self._feature, ("value_count", "min"), "0")
        elif difference.kind == "values":
            self._add_values(difference.new_values)
        elif difference.kind == "range":
            self._widen_range(*find_range(self._observed.name, splits))

    @property
    def _feature(self) -> Entry:
        feature = find_named(self.text, "feature", self._observed.name)
        assert feature is not None
        return feature

    def _find(self, name: str) -> Entry | None:
        return find_field(self.text, self._feature, name)

    def _add_column(self) -> None:
        """Add a column that no request has to carry, after the last one."""
        name = quote(self._observed.name)
        lines = [
            "feature {",
            f"  name: {name}",
            f"  type: {_name_type(self._observed)}",
            f"  value_count {{ min: {int(_always_has_a_value(self._observed))} max: 1 }}",
            "  presence { min_count: 0 }",
        ]
        if self._seen.values is not None:
            lines += ["  string_domain {", f"    name: {name}"]
            lines += [f"    value: {quote(value)}" for value in sorted(self._seen.values)]
            lines += ["  }"]
        block = "\n".join([*lines, "}"])
        ends = (entry.end for entry in list_entries(self.text) if entry.name == "feature")
        last = max(ends, default=0)
        self.text = f"{self.text[:last]}\n{block}{self.text[last:]}"

    def _change_type(self) -> None:
        """Change the type, and drop the limits that only the old type can have."""
        self.text = set_value(self.text, self._feature, ("type",), _name_type(self._observed))
        for name in _LIMITS_OF_A_TYPE:
            while field := self._find(name):
                self.text = remove(self.text, field)

    def _add_values(self, values: Iterable[str]) -> None:
        """Add texts to the column's domain, be it its own or a shared one."""
        domain = self._find("string_domain")
        if domain is None:
            reference = self._find("domain")
            assert reference is not None
            assert reference.value is not None
            domain = find_named(self.text, "string_domain", reference.value.strip("\"'"))
            assert domain is not None
        self.text = append(self.text, domain, *(f"value: {quote(value)}" for value in values))

    def _widen_range(self, low: float | None, high: float | None) -> None:
        kind = "float_domain" if self._observed.type == schema_pb2.FLOAT else "int_domain"
        for end, value, is_beyond in (("min", low, operator.lt), ("max", high, operator.gt)):
            domain = self._find(kind)
            limit = find_field(self.text, domain, end) if domain else None
            if limit and limit.value and value is not None and is_beyond(value, float(limit.value)):
                # Written exactly, a whole number without a point.
                number = str(int(value)) if value.is_integer() else repr(value)
                self.text = set_value(self.text, self._feature, (kind, end), number)


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


def _always_has_a_value(feature: schema_pb2.Feature) -> bool:
    """Whether a schema that SchemaGen inferred saw a value in every row."""
    return feature.HasField("shape") or feature.value_count.min > 0


def _name_type(feature: schema_pb2.Feature) -> str:
    return str(schema_pb2.FeatureType.Name(feature.type))
