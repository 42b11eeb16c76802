"""TFDV's statistics in plain types."""

from __future__ import annotations

from pathlib import Path

import pytest
from tensorflow_metadata.proto.v0 import statistics_pb2

from components.statistics_gen.distances import Categories, Quantiles
from components.statistics_gen.feature_statistics import load_split_summary, summarize_split
from tests.components.deliveries import Row, describe, read_csv, write_rows


def test_empty_lists_are_missing_values(rows: list[Row], tmp_path: Path) -> None:
    """TFDV counts them as present; the number of values shows that they are not."""
    for row in rows[:300]:
        row.update(company="", trip_seconds="", pickup_census_tract="")
    for row in rows:
        row["pickup_census_tract"] = ""
    write_rows(tmp_path / "a.csv", rows)

    summary = summarize_split(describe(read_csv(tmp_path / "a.csv")))

    empty = {
        name: sum(not row[name] for row in rows)
        for name in ("company", "trip_seconds", "pickup_census_tract", "fare")
    }
    assert {name: summary.features[name].missing for name in empty} == empty
    assert summary.features["pickup_census_tract"].present == 0
    assert summary.features["pickup_census_tract"].low is None


def test_counts_are_the_files(rows: list[Row], tmp_path: Path) -> None:
    """Texts are counted one by one, and numbers add up."""
    write_rows(tmp_path / "a.csv", rows)

    summary = summarize_split(describe(read_csv(tmp_path / "a.csv")))

    payment, fare = (summary.features[name].distribution for name in ("payment_type", "fare"))
    assert isinstance(payment, Categories)
    assert payment.counts["Cash"] == sum(row["payment_type"] == "Cash" for row in rows)
    assert payment.rest == 0
    assert isinstance(fare, Quantiles)
    assert fare.rows == pytest.approx(1200)
    assert summary.features["fare"].high == pytest.approx(max(float(row["fare"]) for row in rows))


def test_two_data_sets_in_one_file_are_an_error() -> None:
    """Slices of a split would be counted twice."""
    with pytest.raises(ValueError, match="got 2 datasets"):
        summarize_split(
            statistics_pb2.DatasetFeatureStatisticsList(
                datasets=[statistics_pb2.DatasetFeatureStatistics()] * 2
            )
        )


def test_a_missing_split_is_an_error(tmp_path: Path) -> None:
    """Nothing is made of statistics that are not there."""
    with pytest.raises(FileNotFoundError):
        load_split_summary(tmp_path, "train")
