"""The curated schema agrees with the feature table and accepts the trips."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import tensorflow as tf
import tensorflow_data_validation as tfdv
from tensorflow_data_validation.statistics import stats_impl
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2
from tfx_bsl.coders import example_coder

from components.csv_example_gen.csv_reader import read_record_batches
from components.csv_example_gen.split_assignment import assign_splits
from components.examples.example_encoding import encode_examples
from schemas.chicago_taxi.sample_data import SAMPLE_DATA
from schemas.feature_table import DType, IntegerRange, Role, get_schema_path, load_feature_table

TABLE = load_feature_table("chicago_taxi")
SCHEMA = tfdv.load_schema_text(str(get_schema_path("chicago_taxi")))
SPLITS = {"train": 6, "validation": 1, "test": 3}
SAMPLE = Path(__file__).parents[3] / "data/chicago_taxi/sample/data.csv"
INPUTS = {"real": SAMPLE_DATA.find_source(), "made up": SAMPLE}

TYPES = {
    DType.FLOAT: schema_pb2.FLOAT,
    DType.INT: schema_pb2.INT,
    DType.BYTES: schema_pb2.BYTES,
}


def encode(path: Path) -> list[bytes]:
    """Read a CSV file as examples."""
    batches = read_record_batches(str(path), TABLE)
    return [record for batch in batches for record in encode_examples(batch)]


def describe(records: list[bytes]) -> statistics_pb2.DatasetFeatureStatisticsList:
    """Compute the statistics of examples."""
    batch = example_coder.ExamplesToRecordBatchDecoder().DecodeBatch(records)
    options = tfdv.StatsOptions(schema=SCHEMA, infer_type_from_schema=True)
    return stats_impl.generate_statistics_in_memory(batch, options)


def find_anomalies(
    records: list[bytes], environment: str = "TRAINING"
) -> dict[str, anomalies_pb2.AnomalyInfo]:
    """Validate examples against the schema."""
    found = tfdv.validate_statistics(describe(records), SCHEMA, environment=environment)
    return dict(found.anomaly_info)


def change(
    records: list[bytes], edit: Callable[[tf.train.Features.FeatureEntry], None]
) -> list[bytes]:
    """Edit each example's features."""
    changed = []
    for record in records:
        example = tf.train.Example.FromString(record)
        edit(example.features.feature)
        changed.append(example.SerializeToString())
    return changed


@pytest.fixture(scope="module", params=list(INPUTS.values()), ids=list(INPUTS))
def trips(request: pytest.FixtureRequest) -> list[bytes]:
    """All trips of an input, as examples."""
    return encode(request.param)


@pytest.fixture(scope="module")
def sample() -> list[bytes]:
    """The made-up trips, as examples."""
    return encode(SAMPLE)


def test_names_and_types_are_those_of_the_feature_table() -> None:
    """The schema has each column of the table, in its order, with its type, and no other."""
    assert [(feature.name, feature.type) for feature in SCHEMA.feature] == [
        (feature.name, TYPES[feature.dtype]) for feature in TABLE.features
    ]


def test_what_the_label_is_made_of_is_absent_at_serving() -> None:
    """Exactly the label's sources are missing from the SERVING environment."""
    absent = {f.name for f in SCHEMA.feature if "SERVING" in f.not_in_environment}

    assert absent == {f.name for f in TABLE.features if f.role is Role.LABEL_SOURCE}
    assert set(SCHEMA.default_environment) == {"TRAINING", "SERVING"}


def test_integer_ranges_are_the_schemas_domains() -> None:
    """A column used as its own index has the same limits in both."""
    domains = {feature.name: feature.int_domain for feature in SCHEMA.feature}
    for feature in TABLE.inputs:
        for transformation in feature.transformations:
            if isinstance(transformation, IntegerRange):
                domain = domains[feature.name]
                assert (domain.min, domain.max) == (transformation.low, transformation.high)


def test_every_column_has_value_count_and_domain() -> None:
    """No column is left unchecked."""
    for feature in SCHEMA.feature:
        assert feature.value_count.max == 1
        assert feature.WhichOneof("domain_info")


def test_only_what_the_model_is_not_fed_may_be_absent_from_requests() -> None:
    """Columns without a smallest count are those that are neither input nor the label's source."""
    optional = {f.name for f in SCHEMA.feature if f.presence.min_count == 0}

    assert optional == {f.name for f in TABLE.features if f.role is Role.CONTEXT}


def test_whole_input_and_splits_have_no_anomaly(trips: list[bytes]) -> None:
    """The trips pass, whole and in each split."""
    places = assign_splits(trips, SPLITS)
    splits = [
        [record for record, at in zip(trips, places, strict=True) if at == place]
        for place in range(len(SPLITS))
    ]
    for records in (trips, *splits):
        assert records
        assert find_anomalies(records) == {}


def test_serving_requests_pass_without_label_and_context(trips: list[bytes]) -> None:
    """A request may leave the label's source out, and every column that is no input."""

    def drop(names: set[str]) -> dict[str, anomalies_pb2.AnomalyInfo]:
        def edit(features: tf.train.Features.FeatureEntry) -> None:
            for name in names:
                del features[name]

        return find_anomalies(change(trips, edit), "SERVING")

    assert drop({"tips"}) == {}
    assert drop(set(TABLE.names) - {feature.name for feature in TABLE.inputs}) == {}


def set_value(name: str, kind: str, *values: object) -> Callable[..., None]:
    """Make an edit that puts values into a feature."""

    def edit(features: tf.train.Features.FeatureEntry) -> None:
        getattr(features[name], kind).value[:] = values

    return edit


@pytest.mark.parametrize(
    ("name", "edit"),
    [
        ("trip_start_hour", set_value("trip_start_hour", "int64_list", 24)),
        ("pickup_community_area", set_value("pickup_community_area", "int64_list", 78)),
        ("trip_start_timestamp", set_value("trip_start_timestamp", "int64_list", 1483116300000)),
        ("fare", set_value("fare", "float_list", -1.0)),
        ("fare", set_value("fare", "float_list")),
        ("tips", set_value("tips", "float_list", float("nan"))),
        ("dropoff_latitude", set_value("dropoff_latitude", "float_list", -87.6)),
        ("payment_type", set_value("payment_type", "bytes_list", b"Shells")),
        ("company", set_value("company", "bytes_list", b"Renamed Taxi")),
        ("tips", lambda features: features.pop("tips")),
        ("zone", set_value("zone", "bytes_list", b"new")),
    ],
    ids=[
        "hour 24",
        "area 78",
        "milliseconds",
        "negative fare",
        "no fare",
        "NaN",
        "latitude and longitude swapped",
        "new payment type",
        "companies renamed",
        "label source dropped",
        "new column",
    ],
)
def test_what_must_not_be_is_an_anomaly(
    sample: list[bytes], name: str, edit: Callable[..., None]
) -> None:
    """The anomaly is found in the column at fault and in no other."""
    assert set(find_anomalies(change(sample, edit))) == {name}
