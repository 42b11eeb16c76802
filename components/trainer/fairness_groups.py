"""Assign rows to the groups of a fairness attribute, in TensorFlow.

The exported model does it in its ``transform_features`` signature, so that the Evaluator can slice
by the groups as by a column, and plain TFMA shows them.
"""

from __future__ import annotations

import tensorflow as tf

from components.transform.preprocessing import Column, as_sparse, densify
from schemas.feature_table import FairnessAttribute, Group


def assign_groups(column: Column, attribute: FairnessAttribute) -> tf.Tensor:
    """Assign each value, at most one per row, to the first group that holds it; names, [batch]."""
    sparse = as_sparse(column)
    groups = _find_groups(sparse.values, attribute)
    return densify(sparse.with_values(groups), attribute.missing)


def _find_groups(values: tf.Tensor, attribute: FairnessAttribute) -> tf.Tensor:
    names = tf.fill(tf.shape(values), attribute.others)
    # The first group that holds a value wins, so it is applied last.
    for group in reversed(attribute.groups):
        names = tf.where(_is_in(values, group), group.name, names)
    return names


def _is_in(values: tf.Tensor, group: Group) -> tf.Tensor:
    members = tf.zeros_like(values, tf.bool)
    if group.values:
        listed = tf.constant(group.values, values.dtype)
        members |= tf.reduce_any(values[:, tf.newaxis] == listed, axis=1)
    if group.pattern:
        texts = values if values.dtype == tf.string else tf.strings.as_string(values)
        members |= tf.strings.regex_full_match(texts, f"(?s){group.pattern}")
    return members
