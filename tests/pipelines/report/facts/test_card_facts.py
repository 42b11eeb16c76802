"""The words of the model card."""

from __future__ import annotations

import pytest

from pipelines.report.facts.card_facts import describe_label, describe_transformation
from schemas.chicago_taxi.features import FEATURES
from schemas.feature_table import (
    ColumnLabel,
    IntegerRange,
    Numeric,
    Steps,
    Transformation,
    Vocabulary,
)


def test_a_label_is_said_in_one_sentence() -> None:
    """Which amount is compared with which, or which column it is."""
    assert describe_label(FEATURES.label) == (
        "big_tipper: 1 where tips is more than 20 % of fare, both in units of 0.01; 0 otherwise"
    )
    assert "the column bought" in describe_label(ColumnLabel("label", "bought"))


@pytest.mark.parametrize(
    ("transformation", "words"),
    [
        (Numeric(), "scaled to mean 0, variance 1"),
        (
            Numeric(buckets=40, log=True),
            "log(1 + x) scaled to mean 0, variance 1 and 40 quantile buckets",
        ),
        (Vocabulary(20), "index of the 20 most frequent values"),
        (Vocabulary(77, 5), "index of the 77 most frequent values, of at least 5 rows"),
        (IntegerRange(1, 12), "index from 1 to 12"),
        (Steps(0.01, 500, 12), "step of 5, and how far into it, up to step 12"),
    ],
)
def test_a_transformation_is_said_in_a_few_words(
    transformation: Transformation, words: str
) -> None:
    """What the model gets of a column."""
    assert describe_transformation(transformation) == words


def test_every_transformation_in_use_has_words() -> None:
    """A new transformation can't be forgotten."""
    for feature in FEATURES.inputs:
        assert all(describe_transformation(one) for one in feature.transformations)
