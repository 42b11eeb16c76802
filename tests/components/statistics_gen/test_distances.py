"""The distances: by hand, against TFDV, and under chance alone."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import statistics_pb2

from components.statistics_gen.distances import (
    NOISE_LEVEL,
    Categories,
    Quantiles,
    compute_jensen_shannon,
    compute_l_infinity,
    cut_at_quantiles,
    estimate_jensen_shannon_noise,
    measure_categories,
    measure_numbers,
)
from components.statistics_gen.feature_statistics import summarize_split

Numbers = npt.NDArray[np.float64]


def describe(values: Numbers) -> Quantiles:
    """Give the quantile histogram that TFDV makes of some numbers, NaN for a missing one."""
    frame = pd.DataFrame({"x": values})
    options = tfdv.StatsOptions(num_quantiles_histogram_buckets=100)
    statistics = tfdv.generate_statistics_from_dataframe(frame, options)
    distribution = summarize_split(statistics).features["x"].distribution
    assert isinstance(distribution, Quantiles)
    return distribution


def bucket(*buckets: tuple[float, float, float], missing: float = 0) -> Quantiles:
    """Make a histogram of (low, high, count)."""
    lows, highs, counts = np.array(buckets, dtype=np.float64).reshape(-1, 3).T
    return Quantiles(lows, highs, counts, missing)


def test_jensen_shannon_by_hand() -> None:
    """(1, 0) against (1/2, 1/2): 1/2 log2(4/3) + 1/4 log2(2/3) + 1/4 log2(2) bits."""
    expected = math.log2(4 / 3) / 2 + math.log2(2 / 3) / 4 + 1 / 4

    score = compute_jensen_shannon(np.array([1.0, 0.0]), np.array([0.5, 0.5]))

    assert score == pytest.approx(expected, abs=1e-15)
    assert compute_jensen_shannon(np.array([1.0, 0.0]), np.array([0.0, 1.0])) == 1.0


def test_l_infinity_counts_missing_values() -> None:
    """A quarter of the rows lost their value, and no category moved as much."""
    distance = measure_categories(
        Categories({"a": 50, "b": 50}), Categories({"a": 40, "b": 35}, missing=25)
    )

    assert distance.value == pytest.approx(0.25)
    assert [(one.label, one.reference_share, one.observed_share) for one in distance.bins] == [
        ("a", 0.5, 0.4),
        ("b", 0.5, 0.35),
        ("missing", 0.0, 0.25),
    ]
    assert distance.grown_bin.label == "missing"


def test_numbers_are_cut_at_the_references_quantiles() -> None:
    """Four bins of a quarter each; the same numbers twice as high fill the upper two."""
    reference = bucket((0, 1, 25), (1, 2, 25), (2, 3, 25), (3, 4, 25))
    observed = bucket((0, 2, 25), (2, 4, 25), (4, 6, 25), (6, 8, 25))

    distance = measure_numbers(reference, observed, max_bins=4)

    assert [(one.low, one.high) for one in distance.bins] == [
        (None, 1.0),
        (1.0, 2.0),
        (2.0, 3.0),
        (3.0, None),
        (None, None),
    ]
    assert [one.reference_share for one in distance.bins] == [0.25, 0.25, 0.25, 0.25, 0.0]
    assert [one.observed_share for one in distance.bins] == [0.125, 0.125, 0.125, 0.625, 0.0]
    shares = [
        np.array([getattr(one, name) for one in distance.bins])
        for name in ("reference_share", "observed_share")
    ]
    assert distance.value == pytest.approx(compute_jensen_shannon(*shares), abs=1e-15)


def test_one_extreme_value_hardly_counts() -> None:
    """A trip of 1,710 miles, which TFDV's own measure takes for a change of all."""
    numbers = np.random.default_rng(1).lognormal(size=2000)
    with_extreme = numbers.copy()
    with_extreme[0] = 1e6

    assert measure_numbers(describe(numbers), describe(with_extreme)).value < 0.001


def test_whole_numbers_with_few_values_compare_exactly() -> None:
    """With a bucket or more a value, shares of the bins are those of the values."""
    random = np.random.default_rng(2)
    before, now = random.integers(0, 7, 3000), random.integers(0, 7, 1000)

    distance = measure_numbers(describe(before.astype(float)), describe(now.astype(float)))

    counts_before, counts_now = (np.bincount(values, minlength=7) for values in (before, now))
    assert [one.reference_share for one in distance.bins[:-1]] == pytest.approx(
        counts_before / 3000
    )
    assert [one.observed_share for one in distance.bins[:-1]] == pytest.approx(counts_now / 1000)


@pytest.mark.parametrize("other", [4.0, 6.0])
def test_a_constant_column_shows_any_other_value(other: float) -> None:
    """Both below and above, one value against another has nothing in common."""
    distance = measure_numbers(bucket((5, 5, 10)), bucket((other, other, 10)))

    assert distance.value == 1.0


def test_a_column_that_empties_moves() -> None:
    """No number is left to compare, and the missing values show it."""
    distance = measure_numbers(bucket((0, 1, 10)), bucket(missing=10))

    assert distance.value == 1.0
    assert distance.grown_bin.label == "missing"


def test_cuts_are_few_where_one_number_has_most_rows() -> None:
    """Half of all rows are 0, so half of the cuts fall together."""
    histogram = bucket((0, 0, 50), (0, 1, 10), (1, 2, 10), (2, 3, 10), (3, 4, 10), (4, 5, 10))

    assert cut_at_quantiles(histogram, 10) == (0.0, 1.0, 2.0, 3.0, 4.0)


@pytest.mark.parametrize(
    ("reference", "observed"),
    [(Categories({}), Categories({"a": 1})), (Categories({"a": 1}), Categories({}))],
)
def test_no_rows_are_an_error(reference: Categories, observed: Categories) -> None:
    """Shares of nothing mean nothing."""
    with pytest.raises(ValueError, match="at least one of each"):
        measure_categories(reference, observed)


def _validate(before: pd.DataFrame, now: pd.DataFrame, measure: str) -> tuple[float, list[Numbers]]:
    """Let TFDV measure drift; give its score, and the shares of its equally wide bins."""
    statistics = [tfdv.generate_statistics_from_dataframe(frame) for frame in (before, now)]
    schema = tfdv.infer_schema(statistics[0])
    comparator = getattr(schema.feature[0].drift_comparator, measure)
    comparator.threshold = 1e-9
    found = tfdv.validate_statistics(statistics[1], schema, previous_statistics=statistics[0])
    [info] = found.drift_skew_info
    kind = statistics_pb2.Histogram.STANDARD
    shares = [
        np.array([one.sample_count for one in histogram.buckets]) / len(before)
        for one_of in statistics
        for histogram in one_of.datasets[0].features[0].num_stats.histograms
        if histogram.type == kind
    ]
    return info.drift_measurements[0].value, shares


def test_jensen_shannon_is_tfdvs_formula() -> None:
    """On the same bins, here equally wide ones, the score is TFDV's."""
    random = np.random.default_rng(3)
    before, now = (
        pd.DataFrame({"x": np.append(random.beta(*shape, 998), [0.0, 1.0])})
        for shape in ((2, 3), (3, 2))
    )

    theirs, (p, q) = _validate(before, now, "jensen_shannon_divergence")

    assert compute_jensen_shannon(p, q) == pytest.approx(theirs, abs=1e-6)


def test_l_infinity_is_tfdvs() -> None:
    """Where no value is missing, the distance is TFDV's."""
    random = np.random.default_rng(4)
    before, now = (
        pd.DataFrame({"x": random.choice(["a", "b", "c"], 500, p=weights)})
        for weights in ((0.5, 0.3, 0.2), (0.2, 0.3, 0.5))
    )

    theirs, _ = _validate(before, now, "infinity_norm")

    ours = measure_categories(
        *(Categories(frame["x"].value_counts().to_dict()) for frame in (before, now))
    )
    assert ours.value == pytest.approx(theirs, abs=1e-9)


@pytest.mark.parametrize(("before", "now"), [(600, 300), (130, 20), (5000, 5000)])
def test_chance_alone_stays_below_the_noise(before: int, now: int) -> None:
    """Of samples of one distribution, about one in a thousand exceeds the noise; less than six."""
    random = np.random.default_rng(5)
    weights = random.dirichlet(np.ones(10) * 5)
    draws = 4000
    p, q = random.multinomial(before, weights, draws), random.multinomial(now, weights, draws)
    shares = list(zip(p / before, q / now, strict=True))

    numeric = sum(
        compute_jensen_shannon(*pair) > estimate_jensen_shannon_noise(10, before, now)
        for pair in shares
    )
    text = sum(
        (measured := measure_categories(*map(_name, pair))).value > measured.noise
        for pair in list(zip(p, q, strict=True))[:1000]
    )

    assert numeric / draws < 6 * NOISE_LEVEL
    assert text / 1000 < 6 * NOISE_LEVEL


@pytest.mark.parametrize(("bins", "quantile"), [(2, 10.8276), (10, 27.8772), (31, 59.7031)])
def test_jensen_shannon_noise_is_that_of_chi_squared(bins: int, quantile: float) -> None:
    """It grows with the printed quantile at 0.001, one degree of freedom less than bins."""
    noise = estimate_jensen_shannon_noise(bins, 100, 300)

    assert noise == pytest.approx(quantile * (1 / 100 + 1 / 300) / (8 * math.log(2)), rel=1e-5)


def _name(counts: npt.NDArray[np.int64]) -> Categories:
    return Categories({str(place): int(count) for place, count in enumerate(counts)})


def test_l_infinity_is_the_largest_difference() -> None:
    """Of three bins, the one that moved by 0.2."""
    score = compute_l_infinity(np.array([0.5, 0.3, 0.2]), np.array([0.3, 0.4, 0.3]))

    assert score == pytest.approx(0.2)
