"""The committed sample is what the generator makes, and like the real trips where it matters."""

from __future__ import annotations

import csv
import datetime

import pytest

from benchmarks.generate_sample import (
    ROW_COUNT,
    SAMPLE_PATH,
    SEED,
    Row,
    format_csv,
    generate_rows,
)
from components.spans import find_period_start
from schemas.chicago_taxi.sample_data import SAMPLE_DATA


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    """The sample's rows."""
    return generate_rows(ROW_COUNT, SEED)


def test_the_committed_file_is_made_byte_by_byte(rows: list[Row]) -> None:
    """Generating again gives the committed file."""
    assert format_csv(rows).encode() == SAMPLE_PATH.read_bytes()


def test_another_seed_gives_other_rows(rows: list[Row]) -> None:
    """The seed decides the rows, and all of them differ."""
    assert generate_rows(10, SEED + 1) != rows[:10]
    assert len({tuple(row.values()) for row in rows}) == ROW_COUNT


def test_no_row_is_a_real_trip(rows: list[Row]) -> None:
    """No made-up trip has the start, fare and distance of a real one."""
    with SAMPLE_DATA.find_source().open(encoding="utf-8", newline="") as file:
        real = {identify(row) for row in csv.DictReader(file)}

    assert real.isdisjoint(identify(row) for row in rows)


def identify(row: Row) -> tuple[int, float, float]:
    """Give a trip's start, fare and distance."""
    return int(row["trip_start_timestamp"]), float(row["fare"]), float(row["trip_miles"])


def test_about_a_fifth_tips_big_and_only_by_card(rows: list[Row]) -> None:
    """The label is rare enough and tied to the payment, as in the real trips."""
    big = [row for row in rows if float(row["tips"]) > 0.2 * float(row["fare"])]

    assert 0.17 < len(big) / ROW_COUNT < 0.24
    assert {row["payment_type"] for row in big} == {"Credit Card"}
    assert len({row["payment_type"] for row in rows}) >= 4


def test_every_quarter_and_every_kind_of_gap_occurs(rows: list[Row]) -> None:
    """There are trips in all 16 quarters, and missing values where the real trips have them."""
    gaps = {name for row in rows for name, cell in row.items() if not cell}

    starts = [
        datetime.datetime.fromtimestamp(int(row["trip_start_timestamp"]), datetime.timezone.utc)
        for row in rows
    ]
    assert len({find_period_start(start, "quarter") for start in starts}) == 16
    assert gaps == {
        "pickup_community_area",
        "pickup_latitude",
        "pickup_longitude",
        "pickup_census_tract",
        "dropoff_community_area",
        "dropoff_latitude",
        "dropoff_longitude",
        "dropoff_census_tract",
        "company",
        "trip_seconds",
    }
