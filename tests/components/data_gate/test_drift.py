"""Drift and skew on the real trips: quarters and splits pass, a doubled mean does not."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from components.data_gate.drift import NotCompared, compare_spans, compare_splits
from components.data_gate.findings import Comparison
from components.statistics_gen.column_limits import (
    ColumnLimits,
    DataLimits,
    load_schema,
    read_limits,
)
from components.statistics_gen.distances import Categories, Quantiles
from components.statistics_gen.feature_statistics import (
    FeatureSummary,
    SplitSummary,
    summarize_split,
)
from pipelines.runner.sample_data import cut_into_spans
from schemas.chicago_taxi.sample_data import SAMPLE_DATA
from schemas.feature_table import get_schema_path
from tests.components.deliveries import TASK, describe, divide, read_csv

LIMITS = read_limits(load_schema(get_schema_path(TASK)))
Splits = Mapping[str, SplitSummary]


def summarize(content: bytes, directory: Path) -> Splits:
    """Compute the statistics of each split of a CSV file."""
    path = directory / "data.csv"
    path.write_bytes(content)
    parts = divide(read_csv(path))
    return {split: summarize_split(describe(rows)) for split, rows in parts.items()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Splits:
    """Statistics of all real trips."""
    return summarize(SAMPLE_DATA.find_source().read_bytes(), tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="module")
def quarters(tmp_path_factory: pytest.TempPathFactory) -> Mapping[datetime.date, Splits]:
    """Statistics of the real trips by quarter."""
    directory = tmp_path_factory.mktemp("quarters")
    source = SAMPLE_DATA.find_source().read_bytes()
    spans = cut_into_spans(source, "trip_start_timestamp", SAMPLE_DATA.period)
    return {date: summarize(content, directory) for date, content in spans.items()}


def list_exceeded(comparisons: tuple[Comparison | NotCompared, ...]) -> list[str]:
    """List the columns over their limits; all must have been compared."""
    assert comparisons
    assert not any(isinstance(one, NotCompared) for one in comparisons)
    return [one.feature for one in comparisons if isinstance(one, Comparison) and one.is_exceeded]


def double(summary: SplitSummary, feature: str) -> SplitSummary:
    """Double every number of a column."""
    before = summary.features[feature]
    numbers = before.distribution
    assert isinstance(numbers, Quantiles)
    doubled = Quantiles(2 * numbers.lows, 2 * numbers.highs, numbers.counts, numbers.missing)
    after = FeatureSummary(feature, before.rows, before.missing, doubled)
    return SplitSummary(summary.rows, {**summary.features, feature: after})


def test_splits_of_all_trips_do_not_differ(whole: Splits) -> None:
    """They are drawn by hash."""
    assert list_exceeded(compare_splits(whole, LIMITS, "train")) == []


@pytest.mark.slow
def test_real_quarters_pass(quarters: Mapping[datetime.date, Splits], whole: Splits) -> None:
    """Each follows the one before it, and the whole; its splits agree, down to 15 rows."""
    assert len(quarters) == 16
    for previous, current in zip([whole, *quarters.values()], quarters.values(), strict=False):
        for reference in (previous, whole):
            compared = compare_spans(current["train"], reference["train"], LIMITS, "train", "it")
            assert list_exceeded(compared) == []
        assert list_exceeded(compare_splits(current, LIMITS, "train")) == []


@pytest.mark.parametrize("feature", ["fare", "tips", "trip_miles", "trip_seconds"])
def test_a_doubled_mean_is_drift(whole: Splits, feature: str) -> None:
    """In this column and in no other."""
    doubled = double(whole["train"], feature)

    compared = compare_spans(doubled, whole["train"], LIMITS, "train", "it")

    assert list_exceeded(compared) == [feature]


@pytest.mark.slow
@pytest.mark.parametrize("feature", ["fare", "trip_seconds"])
def test_a_doubled_mean_is_drift_between_quarters(
    quarters: Mapping[datetime.date, Splits], feature: str
) -> None:
    """On top of what the quarters differ in anyway, also with 114 rows."""
    spans = list(quarters.values())
    for previous, current in itertools.pairwise(spans):
        doubled = double(current["train"], feature)
        compared = compare_spans(doubled, previous["train"], LIMITS, "train", "it")
        assert list_exceeded(compared) == [feature]


NUMBERS = FeatureSummary("x", 2, 0, Quantiles(np.zeros(1), np.ones(1), np.full(1, 2.0)))
TEXT = FeatureSummary("x", 2, 0, Categories({"a": 2}))


@pytest.mark.parametrize(
    ("now", "before", "is_reference_at_fault", "reason"),
    [
        ({"x": TEXT}, {}, True, "span 1 has no such column"),
        ({}, {"x": TEXT}, False, "split 'train' has no such column"),
        ({"x": TEXT}, {"x": NUMBERS}, False, "one holds numbers"),
    ],
)
def test_what_cannot_be_compared_is_told(
    now: dict[str, FeatureSummary],
    before: dict[str, FeatureSummary],
    is_reference_at_fault: bool,
    reason: str,
) -> None:
    """A limit that was not looked at is not a limit kept."""
    limits = DataLimits({"x": ColumnLimits("x", drift_limit=0.1)})

    [missing] = compare_spans(
        SplitSummary(2, now), SplitSummary(2, before), limits, "train", "span 1"
    )

    assert isinstance(missing, NotCompared)
    assert missing.is_reference_at_fault == is_reference_at_fault
    assert reason in missing.reason
