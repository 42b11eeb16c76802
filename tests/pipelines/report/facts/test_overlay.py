"""The same bins for several datasets."""

from __future__ import annotations

import math

import numpy as np
import pytest

from components.statistics_gen.distances import Categories, Quantiles
from pipelines.report.facts.overlay import MAX_BINS, overlay


def describe(numbers: list[float], missing: float = 0) -> Quantiles:
    """Describe numbers by a histogram with a bucket for each different one."""
    values, counts = np.unique(np.array(numbers, dtype=np.float64), return_counts=True)
    return Quantiles(values, values, counts.astype(np.float64), missing)


def test_each_datasets_shares_sum_to_one() -> None:
    """Every row of every dataset is in exactly one bin, the missing ones too."""
    bins = overlay(
        {
            "train": describe([0.5 * number for number in range(400)], missing=7),
            "test": describe([3.0 * number for number in range(90)]),
        }
    )

    assert len(bins) == MAX_BINS + 1
    for name in ("train", "test"):
        assert math.fsum(one.shares[name] for one in bins) == pytest.approx(1)
    assert bins[-1].label == "missing"
    assert bins[-1].shares == {"train": pytest.approx(7 / 407), "test": 0}


def test_few_whole_numbers_get_a_bin_each() -> None:
    """Hours of the day are counted one by one, and named."""
    bins = overlay({"train": describe([0, 0, 1, 3]), "test": describe([2, 3, 3, 3])}, is_whole=True)

    assert [one.label for one in bins] == ["0", "1", "2", "3"]
    assert [one.shares["train"] for one in bins] == [0.5, 0.25, 0, 0.25]
    assert [one.shares["test"] for one in bins] == [0, 0, 0.25, 0.75]


def test_one_number_gets_one_bin() -> None:
    """A column that holds a single number is not cut."""
    bins = overlay({"train": describe([4.0] * 10)}, is_whole=True)

    assert [(one.label, one.shares["train"]) for one in bins] == [("4", 1)]


def test_an_extreme_number_does_not_stretch_the_bins() -> None:
    """One trip of 1,710 miles leaves the others their bins."""
    bins = overlay({"train": describe([*(0.1 * number for number in range(1000)), 1710.0])})

    assert max(one.shares["train"] for one in bins) < 0.1


def test_large_numbers_close_to_each_other_are_kept_apart() -> None:
    """The numbers of census tracts share their first digits, and get as many bins as others do."""
    bins = overlay({"train": describe([17_031_010_000.0 + 500 * step for step in range(2000)])})

    assert len(bins) == MAX_BINS
    assert max(one.shares["train"] for one in bins) < 0.1


def test_a_large_whole_number_is_named_by_all_its_digits() -> None:
    """A number that stands for a place is not rounded."""
    bins = overlay({"train": describe([17_031_081_401.0] * 3)}, is_whole=True)

    assert [one.label for one in bins] == ["17031081401"]


def test_values_stand_by_their_largest_share() -> None:
    """The most frequent value of any dataset comes first; what is not shown is summed up."""
    many = {f"company {number:02}": 1.0 for number in range(MAX_BINS + 5)}
    bins = overlay(
        {
            "train": Categories({"Cash": 60.0, "Card": 40.0}, missing=100),
            "test": Categories({"Card": 75.0, **many}),
        }
    )

    assert [one.label for one in bins[:2]] == ["Card", "Cash"]
    assert len(bins) == MAX_BINS + 2
    assert [one.label for one in bins[-2:]] == ["all other values", "missing"]
    for name in ("train", "test"):
        assert math.fsum(one.shares[name] for one in bins) == pytest.approx(1)


def test_a_dataset_without_rows_is_left_out() -> None:
    """An empty split has no shares, and neither has a column of another kind."""
    columns: dict[str, Categories | Quantiles] = {
        "train": describe([1.0, 2.0]),
        "empty": describe([]),
        "other": Categories({"1": 1.0}),
    }

    assert set(overlay(columns)[0].shares) == {"train"}
    assert overlay({"empty": describe([])}) == ()


def test_a_column_that_is_all_missing_is_one_bin() -> None:
    """Without a single number there is nothing to cut, and the missing rows show."""
    bins = overlay({"train": describe([], missing=3)})

    assert [one.shares["train"] for one in bins if one.label == "missing"] == [1]
    assert math.fsum(one.shares["train"] for one in bins) == 1
