"""Groups in TensorFlow, against Python's answer."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
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
KIND = FairnessAttribute(
    "kind", "hour", (Group("night", values=(0, 1)), Group("round", pattern=r"\d0"))
)


def find_group(attribute: FairnessAttribute, value: int | str | None) -> str:
    """Find a value's group in plain Python; None is a missing one."""
    if value is None:
        return attribute.missing
    for group in attribute.groups:
        if value in group.values:
            return group.name
        if group.pattern and re.fullmatch(group.pattern, str(value), re.ASCII | re.DOTALL):
            return group.name
    return attribute.others


def to_sparse(values: Sequence[int | str | None], dtype: tf.DType) -> tf.SparseTensor:
    """Put values into a sparse column, [rows, 1]; None is a missing one."""
    present = [(row, value) for row, value in enumerate(values) if value is not None]
    return tf.SparseTensor(
        np.array([[row, 0] for row, _ in present], np.int64).reshape(-1, 2),
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
def test_groups_are_those_that_python_finds(
    attribute: FairnessAttribute, values: Sequence[int | str | None], dtype: tf.DType
) -> None:
    """TensorFlow and Python put every value into the same group, missing ones too."""
    groups = assign_groups(to_sparse(values, dtype), attribute)

    assert decode(groups) == [find_group(attribute, value) for value in values]


@pytest.mark.parametrize(
    ("value", "group"),
    [(0, "night"), (10, "round"), (100, "(other)"), (None, "(missing)"), (2, "(other)")],
)
def test_a_value_belongs_to_the_first_group_that_holds_it(value: int | None, group: str) -> None:
    """Values are listed or match a pattern in full; others and missing ones have their groups."""
    assert decode(assign_groups(to_sparse([value], tf.int64), KIND)) == [group]


def test_dense_columns_are_taken_too() -> None:
    """A column of shape [batch] or [batch, 1] has a value in every row."""
    values = tf.constant([[8], [1]], tf.int64)

    assert decode(assign_groups(values, SIDE)) == ["Central", "Far North"]
    assert decode(assign_groups(values[:, 0], SIDE)) == ["Central", "Far North"]


def test_the_first_group_that_holds_a_value_wins() -> None:
    """A value that two patterns match is in the first one's group, as in Python."""
    attribute = FairnessAttribute(
        "kind", "name", (Group("a", pattern="a.*"), Group("any", pattern=".*"))
    )

    assert decode(assign_groups(tf.constant(["ab", "b"]), attribute)) == ["a", "any"]
    assert [find_group(attribute, value) for value in ("ab", "b")] == ["a", "any"]


def test_no_rows_have_no_groups() -> None:
    """An empty batch gives an empty answer."""
    assert decode(assign_groups(tf.constant([], tf.int64), SIDE)) == []
