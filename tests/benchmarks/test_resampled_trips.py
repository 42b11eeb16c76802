"""Resampled trips: the same for the same seed, none of them a copy, and like the real ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from benchmarks.resampled_trips import BLOCK_ROWS, RealTrips, read_real_trips, write_trips
from schemas.chicago_taxi.sample_data import SAMPLE_DATA
from schemas.feature_table import get_schema_path, load_feature_table

ROWS = 20_000
TASK = "chicago_taxi"


@pytest.fixture(scope="module")
def real() -> RealTrips:
    """The real trips."""
    return read_real_trips(SAMPLE_DATA.find_source())


@pytest.fixture(scope="module")
def path(real: RealTrips, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of resampled trips."""
    (written,) = write_trips(real, ROWS, tmp_path_factory.mktemp("trips"))
    return written


@pytest.fixture(scope="module")
def made(path: Path) -> pd.DataFrame:
    """The resampled trips."""
    return pd.read_csv(path)


@pytest.fixture(scope="module")
def original() -> pd.DataFrame:
    """The real trips."""
    return pd.read_csv(SAMPLE_DATA.find_source())


def test_the_same_seed_and_count_give_the_same_bytes(
    real: RealTrips, path: Path, tmp_path: Path
) -> None:
    """Writing again gives the same file, and another seed another one."""
    (again,) = write_trips(real, ROWS, tmp_path / "again")
    (other,) = write_trips(real, ROWS, tmp_path / "other", seed=1)

    assert again.read_bytes() == path.read_bytes()
    assert other.read_bytes() != path.read_bytes()


def test_a_larger_count_begins_with_the_rows_of_a_smaller_one(
    real: RealTrips, path: Path, tmp_path: Path
) -> None:
    """The count does not change the rows, across the border of a block too."""
    (longer,) = write_trips(real, BLOCK_ROWS + 3, tmp_path)

    content = longer.read_bytes()
    assert content.startswith(path.read_bytes())
    assert content.count(b"\n") == BLOCK_ROWS + 4


def test_files_together_hold_the_rows_of_one(real: RealTrips, path: Path, tmp_path: Path) -> None:
    """Cut into files, each with a header, the rows are the same ones."""
    parts = write_trips(real, ROWS, tmp_path, rows_a_file=7_000)

    header, _, body = path.read_bytes().partition(b"\n")
    contents = [part.read_bytes().partition(b"\n") for part in parts]
    assert [first for first, _, _ in contents] == [header] * 3
    assert [rest.count(b"\n") for _, _, rest in contents] == [7_000, 7_000, 6_000]
    assert b"".join(rest for _, _, rest in contents) == body


def test_no_trip_is_a_copy_of_a_real_one(made: pd.DataFrame, original: pd.DataFrame) -> None:
    """The columns are theirs, and no row is among them."""
    assert list(made.columns) == list(load_feature_table(TASK).names)
    assert made.merge(original, how="inner").empty


def test_every_value_is_in_the_domain_of_the_schema(
    made: pd.DataFrame, original: pd.DataFrame
) -> None:
    """Numbers stay within the curated schema's limits, and texts are those of real trips."""
    schema = text_format.Parse(get_schema_path(TASK).read_text(), schema_pb2.Schema())
    for feature in schema.feature:
        column = made[feature.name].dropna()
        domain = feature.WhichOneof("domain_info")
        if domain in ("int_domain", "float_domain"):
            limits = getattr(feature, domain)
            assert column.max() <= limits.max
            assert column.min() >= limits.min
        else:
            assert set(column) <= set(original[feature.name].dropna())


def test_month_hour_and_weekday_are_those_of_the_start(made: pd.DataFrame) -> None:
    """Starts are quarters of an hour in 2013 to 2016, and their parts agree with them."""
    start = pd.to_datetime(made["trip_start_timestamp"], unit="s")

    assert (start.dt.month == made["trip_start_month"]).all()
    assert (start.dt.hour == made["trip_start_hour"]).all()
    assert ((start.dt.dayofweek + 1) % 7 + 1 == made["trip_start_day"]).all()
    assert (made["trip_start_timestamp"] % 900 == 0).all()
    assert set(start.dt.year) == {2013, 2014, 2015, 2016}


def test_amounts_are_whole_cents_and_durations_mostly_whole_minutes(made: pd.DataFrame) -> None:
    """Fares and tips have no fraction of a cent; nearly all durations are of whole minutes."""
    for name in ("fare", "tips"):
        cents = 100 * made[name]
        assert np.abs(cents - cents.round()).max() < 1e-6
    assert (made["trip_seconds"].dropna() % 60 == 0).mean() > 0.998


def test_distributions_are_those_of_the_real_trips(
    made: pd.DataFrame, original: pd.DataFrame
) -> None:
    """Shares of categories, gaps and zeros, and the amounts' quantiles are close to theirs."""
    for name in ("payment_type", "company", "pickup_community_area", "trip_start_hour"):
        shares = [frame[name].value_counts(normalize=True) for frame in (made, original)]
        assert shares[0].sub(shares[1], fill_value=0).abs().max() < 0.015
    assert (made.isna().mean() - original.isna().mean()).abs().max() < 0.015
    zeros = [(frame == 0).mean(numeric_only=True) for frame in (made, original)]
    assert (zeros[0] - zeros[1]).abs().max() < 0.015
    for name in ("fare", "trip_miles", "trip_seconds", "tips"):
        quantiles = [frame[name].quantile([0.25, 0.5, 0.75, 0.95]) for frame in (made, original)]
        assert quantiles[0].tolist() == pytest.approx(quantiles[1].tolist(), rel=0.1)


def test_the_label_depends_on_payment_and_year_as_before(
    made: pd.DataFrame, original: pd.DataFrame
) -> None:
    """As many big tips by card as among the real trips, none by cash, and more in later years."""
    big = [compute_share(frame, "payment_type") for frame in (made, original)]
    by_year = [
        compute_share(frame, pd.to_datetime(frame["trip_start_timestamp"], unit="s").dt.year)
        for frame in (made, original)
    ]

    assert big[0]["Credit Card"] == pytest.approx(big[1]["Credit Card"], abs=0.03)
    assert big[0]["Cash"] == pytest.approx(big[1]["Cash"], abs=0.002)
    assert by_year[0].tolist() == pytest.approx(by_year[1].tolist(), abs=0.03)


def compute_share(frame: pd.DataFrame, by: object) -> pd.Series:
    """Compute the share of big tips in each group."""
    big = (100 * frame["tips"]).round() * 100 > (100 * frame["fare"]).round() * 20
    return big.groupby(frame[by] if isinstance(by, str) else by).mean()
