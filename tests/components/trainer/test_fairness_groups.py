"""Groups in TensorFlow, against the feature table's own answer."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import tensorflow as tf

from components.trainer.fairness_groups import assign_groups
from schemas.chicago_taxi.features import FEATURES
from schemas.feature_table import FairnessAttribute, Group

SIDE, COMPANY_KIND = FEATURES.fairness_attributes
COMPANIES = [
    None,
    "",
    "4197 - 41842 Royal Star",
    "585 - Valley\nCab",
    "41 Cab - Co",
    "Top Cab",
    "٣ - x",
]
AREAS = [None, -1, 0, 1, 8, 32, 76, 77, 78]


def to_sparse(values: Sequence[int | str | None], dtype: tf.DType) -> tf.SparseTensor:
    """Put values into a sparse column, [rows, 1]; None is a missing one."""
    present = [(row, value) for row, value in enumerate(values) if value is not None]
    return tf.SparseTensor(
        [[row, 0] for row, _ in present],
        tf.constant([value for _, value in present], dtype),
        [len(values), 1],
    )


def decode(groups: tf.Tensor) -> list[str]:
    """Read names of groups."""
    return [name.decode() for name in groups.numpy()]


@pytest.mark.parametrize(
    ("attribute", "values", "dtype"),
    [(COMPANY_KIND, COMPANIES, tf.string), (SIDE, AREAS, tf.int64)],
    ids=["texts", "numbers"],
)
def test_groups_agree_with_the_table(
    attribute: FairnessAttribute, values: Sequence[int | str | None], dtype: tf.DType
) -> None:
    """TensorFlow and ``find_group`` put every value into the same group, missing ones too."""
    groups = assign_groups(to_sparse(values, dtype), attribute)

    assert decode(groups) == [attribute.find_group(value) for value in values]


def test_dense_columns_are_taken_too() -> None:
    """A column of shape [batch] or [batch, 1] has a value in every row."""
    values = tf.constant([[8], [1]], tf.int64)

    assert decode(assign_groups(values, SIDE)) == ["Central", "Far North"]
    assert decode(assign_groups(values[:, 0], SIDE)) == ["Central", "Far North"]


def test_the_first_group_that_holds_a_value_wins() -> None:
    """A value that two patterns match is in the first one's group, as in the table."""
    attribute = FairnessAttribute(
        "kind", "name", (Group("a", pattern="a.*"), Group("any", pattern=".*"))
    )

    assert decode(assign_groups(tf.constant(["ab", "b"]), attribute)) == ["a", "any"]
    assert [attribute.find_group(value) for value in ("ab", "b")] == ["a", "any"]


def test_no_rows_have_no_groups() -> None:
    """An empty batch gives an empty answer."""
    assert decode(assign_groups(tf.constant([], tf.int64), SIDE)) == []
