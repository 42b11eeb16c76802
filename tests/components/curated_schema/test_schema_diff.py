"""What came against the curated schema, and accepting it in the schema's text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from components.curated_schema.schema_diff import (
    SchemaDifference,
    accept_feature,
    compare_schemas,
    find_range,
)
from components.statistics_gen.distances import Categories, Quantiles
from components.statistics_gen.feature_statistics import FeatureSummary, SplitSummary

CURATED = """\
# What the trips must look like { even "this }.

feature {
  name: "fare"
  type: FLOAT
  value_count { min: 1 max: 1 }
  presence { min_count: 1 }
  # USD.
  float_domain { name: "fare" min: 0.0 max: 50.0 }  # the meter's limit
}
feature {
  name: "payment"
  type: BYTES
  value_count { min: 1 max: 1 }
  presence { min_count: 1 }
  domain: "payment"
  drift_comparator { infinity_norm { threshold: 0.1 } }
}
feature {
  name: "side"
  type: BYTES
  presence { min_count: 0 }
  string_domain { name: "side" value: "North" }
}

string_domain {
  name: "payment"
  # By hand.
  value: "Cash"
  value: "Card"
}
"""

INFERRED = """
feature { name: "fare" type: FLOAT presence { min_count: 1 } shape { dim { size: 1 } } }
feature { name: "payment" type: BYTES domain: "payment" shape { dim { size: 1 } } }
feature { name: "side" type: BYTES string_domain { value: "North" } }
string_domain { name: "payment" value: "Cash" value: "Card" }
"""


def parse(text: str) -> schema_pb2.Schema:
    """Read a schema's text."""
    return text_format.Parse(text, schema_pb2.Schema())


def summarize(
    low: float = 3.0, high: float = 40.0, payments: Mapping[str, float] | None = None
) -> dict[str, SplitSummary]:
    """Make statistics of one split of ten rows."""
    fares = Quantiles(np.array([low]), np.array([high]), np.array([10.0]))
    counts = Categories(payments or {"Cash": 6, "Card": 4})
    features = [
        FeatureSummary("fare", 10, 0, fares, low=low, high=high),
        FeatureSummary("payment", 10, 0, counts, unique=2),
        FeatureSummary("side", 10, 5, Categories({"North": 5}, 5), unique=1),
    ]
    return {"train": SplitSummary(10, {feature.name: feature for feature in features})}


def find(inferred: str, splits: Mapping[str, SplitSummary]) -> list[SchemaDifference]:
    """Compare the curated schema with what came."""
    return list(compare_schemas(parse(CURATED), parse(inferred), splits))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with the curated schema."""
    file = tmp_path / "schema.pbtxt"
    file.write_text(CURATED, encoding="utf-8")
    return file


def test_what_fits_has_no_difference() -> None:
    """Data within the curated schema gives nothing to review."""
    assert find(INFERRED, summarize()) == []


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ('value: "Card"', 'value: "Shell"', "! payment: values: 2 values -> also 'Shell'"),
        ('value: "Card" ', "", "  payment: values: 2 values -> not 'Card'"),
        ('name: "fare" type: FLOAT', 'name: "fare" type: INT', "! fare: type: FLOAT -> INT"),
        ('name: "side"', 'name: "zone"', "! zone: new column: no such column -> BYTES"),
        ('name: "side"', 'name: "zone"', "  side: missing column: BYTES -> no such column"),
        (
            "presence { min_count: 1 } shape { dim { size: 1 } }",
            "",
            "! fare: presence: a value in every row -> 0 rows without a value",
        ),
    ],
)
def test_a_difference_is_one_line(before: str, after: str, expected: str) -> None:
    """What the curated schema does not allow is marked."""
    payments = {"Cash": 6.0, "Shell": 4.0} if "Shell" in after else None

    lines = [
        one.line for one in find(INFERRED.replace(before, after), summarize(payments=payments))
    ]

    assert expected in lines


def test_a_range_comes_from_the_statistics() -> None:
    """The inferred schema has none."""
    [difference] = find(INFERRED, summarize(low=-1.0, high=99.5))

    assert difference.line == "! fare: range: 0 to 50 -> -1 to 99.5"
    assert find_range("fare", summarize(low=-1.0, high=99.5)) == (-1.0, 99.5)
    assert find_range("zone", summarize()) == (None, None)


def test_few_new_values_are_allowed_where_the_schema_says_so() -> None:
    """They are shown, can be accepted, and are not marked."""
    tolerant = CURATED.replace(
        'domain: "payment"', 'domain: "payment" distribution_constraints { min_domain_mass: 0.8 }'
    )
    inferred = INFERRED.replace('value: "Card"', 'value: "Card" value: "Shell"')
    splits = summarize(payments={"Cash": 5, "Card": 4, "Shell": 1})

    [difference] = compare_schemas(parse(tolerant), parse(inferred), splits)

    assert not difference.is_refused
    assert difference.can_be_accepted


def test_a_new_value_is_added_and_the_rest_of_the_text_stays(path: Path) -> None:
    """One line more, quoted as it must be, and each comment in its place."""
    inferred = parse(INFERRED.replace('value: "Card"', r'value: "Card" value: "S\"hell ö"'))

    accepted = accept_feature(path, inferred, summarize(), "payment")

    assert [one.kind for one in accepted] == ["values"]
    assert path.read_text(encoding="utf-8") == CURATED.replace(
        '  value: "Card"\n', '  value: "Card"\n  value: "S\\"hell ö"\n'
    )


def test_a_value_is_added_to_a_domain_of_its_own(path: Path) -> None:
    """A domain on one line stays on one line."""
    inferred = parse(INFERRED.replace('value: "North"', 'value: "South"'))

    accept_feature(path, inferred, summarize(), "side")

    assert 'string_domain { name: "side" value: "North" value: "South" }' in path.read_text()


def test_a_nested_domain_keeps_its_layout(path: Path) -> None:
    """A line more at the depth of the others."""
    nested = 'string_domain {\n    name: "side"\n    value: "North"\n  }'
    text = CURATED.replace('string_domain { name: "side" value: "North" }', nested)
    path.write_text(text, encoding="utf-8")
    inferred = parse(INFERRED.replace('value: "North"', 'value: "South"'))

    accept_feature(path, inferred, summarize(), "side")

    assert path.read_text() == text.replace(
        '    value: "North"\n', '    value: "North"\n    value: "South"\n'
    )


def test_a_range_is_widened_where_it_is_broken(path: Path) -> None:
    """The end that holds is left as it is written."""
    accept_feature(path, parse(INFERRED), summarize(high=99.5), "fare")

    assert path.read_text() == CURATED.replace("max: 50.0", "max: 99.5")


def test_a_column_with_missing_values_may_have_them(path: Path) -> None:
    """Only the smallest number of values changes."""
    inferred = parse(INFERRED.replace("shape { dim { size: 1 } } }", "}", 1))

    accept_feature(path, inferred, summarize(), "fare")

    assert path.read_text() == CURATED.replace("min: 1 max: 1", "min: 0 max: 1", 1)


def test_a_new_column_is_added_with_its_values(path: Path) -> None:
    """It comes after the others, and no request has to carry it."""
    inferred = parse(INFERRED + 'feature { name: "zone" type: BYTES string_domain { value: "a" } }')

    accept_feature(path, inferred, summarize(), "zone")

    schema = parse(path.read_text())
    assert [feature.name for feature in schema.feature] == ["fare", "payment", "side", "zone"]
    assert schema.feature[3].presence == schema_pb2.FeaturePresence(min_count=0)
    assert list(schema.feature[3].string_domain.value) == ["a"]
    assert path.read_text().startswith(CURATED[: CURATED.index("\nstring_domain")].rstrip())


def test_a_new_type_drops_the_limits_of_the_old(path: Path) -> None:
    """A range of floats means nothing to integers."""
    inferred = parse(INFERRED.replace('name: "fare" type: FLOAT', 'name: "fare" type: INT'))

    accept_feature(path, inferred, summarize(), "fare")

    [fare] = [feature for feature in parse(path.read_text()).feature if feature.name == "fare"]
    assert fare.type == schema_pb2.INT
    assert fare.WhichOneof("domain_info") is None
    assert "# USD." in path.read_text()


def test_nothing_to_accept_leaves_the_file(path: Path) -> None:
    """Also what did not come stays allowed."""
    inferred = parse(INFERRED.replace('value: "Card"', ""))

    assert accept_feature(path, inferred, summarize(), "payment") == ()
    assert path.read_text() == CURATED


@pytest.mark.parametrize(
    ("feature", "expected"), [("tolls", "expected one of"), ("fare", "did not")]
)
def test_what_cannot_be_accepted_is_an_error(path: Path, feature: str, expected: str) -> None:
    """A column that nobody knows, and one that did not come."""
    inferred = parse(INFERRED.replace('name: "fare"', 'name: "price"'))

    with pytest.raises(ValueError, match=expected):
        accept_feature(path, inferred, summarize(), feature)
    assert path.read_text() == CURATED
