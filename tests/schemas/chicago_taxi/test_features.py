"""The groups that the taxi task compares."""

from __future__ import annotations

from collections import Counter

import pytest
import tensorflow as tf

from components.trainer.fairness_groups import assign_groups
from schemas.chicago_taxi.features import FEATURES

SIDE, COMPANY_KIND = FEATURES.fairness_attributes


def test_every_community_area_is_on_one_side_of_town() -> None:
    """The 77 areas lie on nine sides, of as many areas each as the city's own list has."""
    sides = Counter(
        name.decode() for name in assign_groups(tf.range(1, 78, dtype=tf.int64), SIDE).numpy()
    )

    assert sides == {
        "Far North": 12,
        "Northwest": 6,
        "North": 5,
        "Central": 3,
        "West": 9,
        "South": 12,
        "Southwest": 12,
        "Far Southeast": 12,
        "Far Southwest": 6,
    }


@pytest.mark.parametrize(
    ("company", "kind"),
    [
        ("4197 - 41842 Royal Star", "independent"),
        ("585 - Valley Cab", "independent"),
        ("Taxi Affiliation Services", "company"),
        (None, "(missing)"),
    ],
)
def test_independent_operators_have_a_number(company: str | None, kind: str) -> None:
    """An independent's name starts with a licence number; a missing one is a group of its own."""
    texts = tf.ragged.constant([[] if company is None else [company]], dtype=tf.string)

    assert assign_groups(texts.to_sparse(), COMPANY_KIND).numpy() == [kind.encode()]
