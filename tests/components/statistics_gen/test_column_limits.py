"""What the curated schema allows, as plain types."""

from __future__ import annotations

import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from components.statistics_gen.column_limits import format_limit, load_schema, read_limits
from schemas.feature_table import Role, get_schema_path, load_feature_table


def parse(text: str) -> schema_pb2.Schema:
    """Read a schema's text."""
    return text_format.Parse(text, schema_pb2.Schema())


def test_limits_are_the_schemas() -> None:
    """Shared domains are looked up, and what is not set is None."""
    limits = read_limits(
        parse("""
        feature { name: "a" type: BYTES domain: "d" distribution_constraints {
          min_domain_mass: 0.5 } drift_comparator { infinity_norm { threshold: 0.25 } } }
        feature { name: "b" type: FLOAT float_domain { max: 2.5 } presence { min_fraction: 0.5 }
          skew_comparator { jensen_shannon_divergence { threshold: 0.5 } } }
        string_domain { name: "d" value: "x" }
        dataset_constraints { num_examples_drift_comparator { max_fraction_threshold: 5 } }
        """)
    )

    a, b = limits.columns["a"], limits.columns["b"]
    assert (a.values, a.min_domain_mass, a.drift_limit, a.skew_limit) == (
        frozenset({"x"}),
        0.5,
        0.25,
        None,
    )
    assert (b.low, b.high, b.min_fraction, b.values, b.skew_limit) == (None, 2.5, 0.5, None, 0.5)
    assert (limits.min_growth, limits.max_growth) == (None, 5.0)


@pytest.mark.parametrize(
    ("kind", "measure", "wanted"),
    [
        ("BYTES", "jensen_shannon_divergence", "infinity_norm"),
        ("INT", "infinity_norm", "jensen_shannon_divergence"),
    ],
)
def test_a_limit_for_the_wrong_measure_is_an_error(kind: str, measure: str, wanted: str) -> None:
    """It would never be looked at; the error names the one to use."""
    schema = parse(
        f'feature {{ name: "a" type: {kind} drift_comparator {{ {measure} {{ threshold: 1 }} }} }}'
    )

    with pytest.raises(ValueError, match=f"expected {wanted}"):
        read_limits(schema)


def test_every_input_of_the_taxi_model_is_compared() -> None:
    """Between splits all of them, between spans all but the month."""
    columns = read_limits(load_schema(get_schema_path("chicago_taxi"))).columns
    table = load_feature_table("chicago_taxi")
    used = {feature.name for feature in table.features if feature.role is not Role.CONTEXT}

    assert {name for name, column in columns.items() if column.skew_limit is not None} == used
    assert {name for name, column in columns.items() if column.drift_limit is not None} == used - {
        "trip_start_month"
    }


def test_limits_are_shown_as_they_were_written() -> None:
    """32 bits do not show, and whole numbers have no point."""
    shown = [format_limit(number) for number in (None, 23.0, 9999.990234375, 17031999999.0)]

    assert shown == ["any", "23", "9999.99", "17031999999"]
