"""Scores by slice and group, against a summary of each slice's rows alone."""

from __future__ import annotations

import dataclasses
import itertools
import pickle

import numpy as np
import numpy.typing as npt
import pytest
from sklearn import metrics as sklearn_metrics

from components.metrics.binary_metrics import Array, summarize_rows
from components.metrics.jackknife import METRIC_GROUPS, assign_groups_by_digest
from components.metrics.slice_columns import SliceColumn
from components.metrics.sliced_scores import ALL_ROWS, SlicedScores

ROWS = 3000
_RANDOM = np.random.default_rng(11)
DIGESTS = np.random.default_rng(12).integers(0, 2**64, ROWS, np.uint64)
CITIES = np.array(["Oslo", "Rome", "Bonn"])


@dataclasses.dataclass(frozen=True)
class Rows:
    """Rows of two models, with a city or none (-1) and an hour each."""

    labels: Array
    probabilities: tuple[Array, Array]
    cities: npt.NDArray[np.int64]
    hours: npt.NDArray[np.int64]


_TRUTH = _RANDOM.random(ROWS) ** 2
ALL = Rows(
    labels=(_RANDOM.random(ROWS) < _TRUTH).astype(np.float64),
    probabilities=(_TRUTH, np.round(_RANDOM.random(ROWS), 2)),
    cities=_RANDOM.integers(-1, 3, ROWS),
    hours=_RANDOM.integers(0, 24, ROWS),
)


def gather(start: int, end: int) -> SlicedScores:
    """Gather a part of the rows, in two batches of which each has values of its own order."""
    scores = SlicedScores(models=2, groups=METRIC_GROUPS, threshold=0.3)
    for first, last in itertools.pairwise((start, (start + end) // 2, end)):
        part = slice(first, last)
        hours, codes = np.unique(ALL.hours[part][::-1], return_inverse=True)
        columns = {
            "city": SliceColumn([str(city) for city in CITIES], ALL.cities[part]),
            "hour": SliceColumn(hours.tolist(), codes[::-1]),
        }
        scores.add(
            ALL.labels[part],
            [model[part] for model in ALL.probabilities],
            assign_groups_by_digest(DIGESTS[part]),
            columns,
        )
    return scores


@pytest.fixture(params=["whole", "merged"])
def scores(request: pytest.FixtureRequest) -> SlicedScores:
    """All rows, gathered at once or in three parts."""
    if request.param == "whole":
        return gather(0, ROWS)
    merged = SlicedScores(models=2, groups=METRIC_GROUPS, threshold=0.3)
    for first, last in ((700, 1500), (0, 700), (1500, ROWS)):
        merged.merge(gather(first, last))
    return merged


def test_slices_are_those_of_the_values(scores: SlicedScores) -> None:
    """There is the overall slice, first, and one for each value of each column."""
    slices = scores.list_slices()

    assert slices[0] == ALL_ROWS
    expected = {ALL_ROWS, *((("city", city),) for city in CITIES)}
    assert set(slices) == expected | {(("hour", hour),) for hour in range(24)}
    assert len(slices) == 28


def test_every_slice_has_the_metrics_of_its_rows(scores: SlicedScores) -> None:
    """Each model's metrics on a slice are those of its rows; a missing value is in none."""
    for key, model in itertools.product(scores.list_slices(), (0, 1)):
        inside = np.ones(ROWS, np.bool_)
        for column, value in key:
            texts = np.where(ALL.cities < 0, "", CITIES[ALL.cities])
            inside = ALL.hours == value if column == "hour" else texts == value

        measured = scores.create_histograms(key)[model].merge_groups().compute_metrics()

        expected = summarize_rows(ALL.labels[inside], ALL.probabilities[model][inside], 0.3)
        assert measured == pytest.approx(expected.compute_metrics(), abs=1e-9)


def test_metrics_are_those_of_scikit_learn(scores: SlicedScores) -> None:
    """An independent library gives the same numbers, but for ties of scores within a bucket."""
    labels, probabilities = ALL.labels, ALL.probabilities[1]
    predicted = probabilities > 0.3

    measured = scores.create_histograms(ALL_ROWS)[1].merge_groups().compute_metrics()

    exact = {
        "auc": sklearn_metrics.roc_auc_score(labels, probabilities),
        "auc_precision_recall": sklearn_metrics.average_precision_score(labels, probabilities),
        "log_loss": sklearn_metrics.log_loss(labels, np.clip(probabilities, 1e-7, 1 - 1e-7)),
        "binary_accuracy": sklearn_metrics.accuracy_score(labels, predicted),
        "precision": sklearn_metrics.precision_score(labels, predicted),
        "recall": sklearn_metrics.recall_score(labels, predicted),
    }
    assert {name: measured[name] for name in exact} == pytest.approx(exact, abs=1e-9)


def test_merging_leaves_the_other_as_it_is() -> None:
    """Rows that come to the one afterwards are not the other's."""
    part = gather(0, 500)
    merged = SlicedScores(models=2, groups=METRIC_GROUPS, threshold=0.3)

    merged.merge(part)
    merged.merge(gather(500, 1000))

    kept = part.create_histograms(ALL_ROWS)[0].merge_groups()
    assert kept.negatives.sum() + kept.positives.sum() == 500


def test_what_is_sent_to_another_worker_comes_out_the_same() -> None:
    """Packing and unpacking changes no count, and rows can be added afterwards."""
    sent = pickle.loads(pickle.dumps(gather(0, 1500)))
    sent.merge(gather(1500, ROWS))
    whole = gather(0, ROWS)

    assert set(sent.list_slices()) == set(whole.list_slices())
    for key in whole.list_slices():
        ours, theirs = sent.create_histograms(key)[1], whole.create_histograms(key)[1]
        np.testing.assert_array_equal(ours.buckets, theirs.buckets)
        np.testing.assert_array_equal(ours.positives, theirs.positives)
        np.testing.assert_array_equal(ours.negatives, theirs.negatives)


def test_many_counts_are_merged_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """However often counts are merged, the metrics are the same."""
    lazy = gather(0, ROWS)
    monkeypatch.setattr("components.metrics.sliced_scores._MIN_PENDING", 1)
    eager = gather(0, ROWS)

    for key in lazy.list_slices():
        theirs = lazy.create_histograms(key)[0].merge_groups().compute_metrics()
        assert eager.create_histograms(key)[0].merge_groups().compute_metrics() == theirs


def test_a_wrong_label_is_an_error() -> None:
    """A label that is neither 0 nor 1 is named."""
    scores = SlicedScores(models=1, groups=1, threshold=0.5)

    with pytest.raises(ValueError, match="must be 0 or 1, not 2"):
        scores.add(np.array([0.0, 2.0]), [np.array([0.1, 0.2])], np.array([0, 0]), {})
