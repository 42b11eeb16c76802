"""What the curated schema allows, as plain types; needs neither TFDV nor TensorFlow."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from pathlib import Path

from google.protobuf import text_format
from google.protobuf.message import Message
from tensorflow_metadata.proto.v0 import schema_pb2


@dataclasses.dataclass(frozen=True)
class ColumnLimits:
    """What the schema allows of one column.

    Attributes:
        is_float: Whether its values are stored as 32-bit floats.
        low: Smallest number allowed; None for any, as for ``high`` and ``values``.
        min_domain_mass: Share of its values that must be among ``values``.
        min_count: Rows of a split that must have a value.
        min_fraction: Share of a split's rows that must have a value.
        needs_value: Whether each row needs one.
        drift_limit: How far it may move between spans: L-infinity distance for categories,
            Jensen–Shannon divergence in bits for numbers; None for any distance.
        skew_limit: The same between splits.
    """

    name: str
    is_float: bool = False
    low: float | None = None
    high: float | None = None
    values: frozenset[str] | None = None
    min_domain_mass: float = 1.0
    min_count: int = 0
    min_fraction: float = 0.0
    needs_value: bool = False
    drift_limit: float | None = None
    skew_limit: float | None = None


@dataclasses.dataclass(frozen=True)
class DataLimits:
    """What the schema allows of each column and of the data as a whole.

    Attributes:
        min_growth: Minimum rows as a multiple of the previous accepted data's; None for any.
        max_growth: Maximum rows as such a multiple; None for any.
    """

    columns: Mapping[str, ColumnLimits]
    min_growth: float | None = None
    max_growth: float | None = None


def load_schema(path: Path) -> schema_pb2.Schema:
    """Load a ``schema.pbtxt``; a ``google.protobuf.text_format.ParseError`` if it is not one."""
    return text_format.Parse(path.read_text(encoding="utf-8"), schema_pb2.Schema())


def read_limits(schema: schema_pb2.Schema) -> DataLimits:
    """Read what a schema allows.

    Raises:
        ValueError: If a column has a limit for a measure that does not go with its type.
    """
    growth = schema.dataset_constraints.num_examples_drift_comparator
    return DataLimits(
        columns={feature.name: _read_column(feature, schema) for feature in schema.feature},
        min_growth=_get_set(growth, "min_fraction_threshold"),
        max_growth=_get_set(growth, "max_fraction_threshold"),
    )


def format_limit(number: float | None) -> str:
    """Format a limit to the seven digits that 32 bits hold; an open one, None, is ``any``."""
    if number is None:
        return "any"
    return str(int(number)) if float(number).is_integer() else f"{number:.7g}"


def format_values(values: Collection[str], max_shown: int) -> str:
    """List the first of some texts, sorted, and how many more there are."""
    shown = ", ".join(map(repr, sorted(values)[:max_shown]))
    more = len(values) - max_shown
    return f"{shown} and {more} more" if more > 0 else shown


def _read_column(feature: schema_pb2.Feature, schema: schema_pb2.Schema) -> ColumnLimits:
    kind = feature.WhichOneof("domain_info")
    domain = getattr(feature, kind) if kind in ("int_domain", "float_domain") else None
    return ColumnLimits(
        name=feature.name,
        is_float=feature.type == schema_pb2.FLOAT,
        low=_get_set(domain, "min") if domain else None,
        high=_get_set(domain, "max") if domain else None,
        values=_list_values(feature, schema),
        min_domain_mass=feature.distribution_constraints.min_domain_mass,
        min_count=feature.presence.min_count,
        min_fraction=feature.presence.min_fraction,
        needs_value=feature.value_count.min > 0,
        drift_limit=_read_threshold(feature, "drift_comparator"),
        skew_limit=_read_threshold(feature, "skew_comparator"),
    )


def _list_values(feature: schema_pb2.Feature, schema: schema_pb2.Schema) -> frozenset[str] | None:
    if feature.HasField("string_domain"):
        return frozenset(feature.string_domain.value)
    if feature.HasField("domain"):
        [shared] = [domain for domain in schema.string_domain if domain.name == feature.domain]
        return frozenset(shared.value)
    return None


def _read_threshold(feature: schema_pb2.Feature, field: str) -> float | None:
    is_category = feature.type == schema_pb2.BYTES or feature.int_domain.is_categorical
    measures = ("infinity_norm", "jensen_shannon_divergence")
    used, unused = measures if is_category else reversed(measures)
    comparator = getattr(feature, field)
    threshold = _get_set(getattr(comparator, used), "threshold")
    if threshold is None and comparator.HasField(unused):
        raise ValueError(
            f"schema: {field} of {feature.name!r}: got {unused}, expected {used}, since it holds "
            f"{'categories' if is_category else 'numbers'}"
        )
    return threshold


def _get_set(message: Message, field: str) -> float | None:
    """Read a field of any message; None where it is not set."""
    return float(getattr(message, field)) if message.HasField(field) else None
