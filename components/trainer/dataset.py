"""Read transformed examples as batches, in an order that the seed decides.

Rows are never looked at one by one: row groups become numpy columns, these are permuted, and
batches are slices of them. A few row groups are in memory at a time.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from components.examples.parquet_examples import (
    ROW_GROUP_ROWS,
    RowGroup,
    count_rows,
    flatten,
    list_row_groups,
    read_row_group,
)

POOL_ROWS = 8 * ROW_GROUP_ROWS
"""Rows permuted together; a split of no more is permuted as a whole."""

_PREFETCHED_BATCHES = 16

Columns = dict[str, npt.NDArray[np.generic]]


def read_examples(
    files: Sequence[str],
    columns: Mapping[str, tf.DType],
    label_name: str,
    batch_rows: int,
    shuffle_seed: int | None = None,
) -> tf.data.Dataset:
    """Read one split's Parquet files of transformed examples.

    Args:
        columns: Type of each feature to read, the label's left out.
        batch_rows: Rows per batch; the last batch of a pass may be smaller.
        shuffle_seed: Seed of the order, a new one in each of endless passes; None for one pass in
            the files' order.

    Returns:
        Pairs of features by name, each of shape [batch], and the label as float32, [batch, 1].

    Raises:
        ValueError: If there are no rows.
    """
    groups = list_row_groups(files)
    if not groups:
        raise ValueError(f"no transformed examples to read; label {label_name!r}")
    names = [*columns, label_name]

    def generate() -> Iterator[tuple[Columns, npt.NDArray[np.float32]]]:
        for block in _generate_blocks(groups, names, batch_rows, shuffle_seed):
            label = block.pop(label_name).astype(np.float32)
            yield block, label[:, :, np.newaxis]

    blocks = tf.data.Dataset.from_generator(
        generate,
        output_signature=(
            {name: tf.TensorSpec([None, None], dtype) for name, dtype in columns.items()},
            tf.TensorSpec([None, None, 1], tf.float32),
        ),
    )
    # One block is read while the last one's batches are taken.
    batches = blocks.prefetch(1).flat_map(_slice_block).prefetch(_PREFETCHED_BATCHES)
    options = tf.data.Options()
    # There is nothing left to tune, and an iterator's end can wait seconds for the tuner to wake.
    options.autotune.enabled = False
    batches = batches.with_options(options)
    if shuffle_seed is None:
        count = -(-count_rows(files) // batch_rows)
        batches = batches.apply(tf.data.experimental.assert_cardinality(count))
    return batches


@tf.autograph.experimental.do_not_convert
def _slice_block(features: Mapping[str, tf.Tensor], label: tf.Tensor) -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices((features, label))


def _generate_blocks(
    groups: Sequence[RowGroup],
    names: Sequence[str],
    batch_rows: int,
    shuffle_seed: int | None,
) -> Iterator[Columns]:
    """Generate columns of shape [batches, rows per batch]; endless passes if shuffled."""
    if shuffle_seed is None:
        yield from _cut_batches(map(_read, groups, itertools.repeat(names)), batch_rows)
        return
    for pass_number in itertools.count():
        random = np.random.default_rng([shuffle_seed, pass_number])
        shuffled = [groups[place] for place in random.permutation(len(groups))]
        yield from _cut_batches(_read_permuted(shuffled, names, random), batch_rows)


def _read_permuted(
    groups: Sequence[RowGroup], names: Sequence[str], random: np.random.Generator
) -> Iterator[Columns]:
    for pool in _gather_pools(groups):
        columns = _join([_read(group, names) for group in pool])
        order = random.permutation(sum(group.rows for group in pool))
        yield {name: values[order] for name, values in columns.items()}


def _gather_pools(groups: Sequence[RowGroup]) -> Iterator[list[RowGroup]]:
    pool: list[RowGroup] = []
    rows = 0
    for group in groups:
        if pool and rows + group.rows > POOL_ROWS:
            yield pool
            pool, rows = [], 0
        pool.append(group)
        rows += group.rows
    yield pool


def _cut_batches(parts: Iterator[Columns], batch_rows: int) -> Iterator[Columns]:
    """Cut rows into whole batches, across the parts' bounds; what is left is the last batch."""
    rest: Columns = {}
    for part in parts:
        columns = _join([rest, part]) if rest else part
        rows = len(next(iter(columns.values())))
        whole = rows - rows % batch_rows
        if whole:
            yield {name: each[:whole].reshape(-1, batch_rows) for name, each in columns.items()}
        rest = {name: each[whole:] for name, each in columns.items()} if whole < rows else {}
    if rest:
        yield {name: each[np.newaxis] for name, each in rest.items()}


def _read(group: RowGroup, names: Sequence[str]) -> Columns:
    batch = flatten(read_row_group(group, names))
    return {name: batch.column(index).to_numpy() for index, name in enumerate(names)}


def _join(parts: Sequence[Columns]) -> Columns:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
