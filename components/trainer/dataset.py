"""Read transformed examples as batches, in an order that the seed decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import tensorflow as tf

_SHUFFLE_BUFFER_ROWS = 50_000


def read_examples(
    files: Sequence[str],
    feature_spec: Mapping[str, tf.io.FixedLenFeature],
    label_name: str,
    batch_rows: int,
    shuffle_seed: int | None = None,
) -> tf.data.Dataset:
    """Read one split.

    Args:
        files: Gzipped TFRecord files of transformed examples.
        feature_spec: How to parse them.
        label_name: Feature that is the label.
        batch_rows: Rows a batch; the last batch may be smaller.
        shuffle_seed: Seed of the order, new in each pass; None for the files' order.

    Returns:
        Pairs of features by name, each of shape [batch], and the label as float32, [batch, 1].

    Raises:
        ValueError: If there are no files.
    """
    if not files:
        raise ValueError(f"no transformed examples to read; label {label_name!r}")
    records = tf.data.TFRecordDataset(list(files), compression_type="GZIP")
    if shuffle_seed is not None:
        records = records.shuffle(_SHUFFLE_BUFFER_ROWS, seed=shuffle_seed)

    def parse(serialized: tf.Tensor) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        features = tf.io.parse_example(serialized, dict(feature_spec))
        label = tf.cast(features.pop(label_name), tf.float32)
        return features, label[:, tf.newaxis]

    batches = records.batch(batch_rows).map(parse, num_parallel_calls=tf.data.AUTOTUNE)
    return batches.prefetch(tf.data.AUTOTUNE)
