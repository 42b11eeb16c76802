"""Assign records to splits by the hash of their bytes, as TFX's ExampleGen does."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt


def assign_splits(
    records: Iterable[bytes], hash_buckets: Mapping[str, int]
) -> npt.NDArray[np.int64]:
    """Assign records to splits; the same record goes to the same split, whatever its place.

    The rule is TFX's: SHA-256 of the record, modulo the sum of the buckets, falls to the first
    split whose cumulated buckets exceed it.

    Args:
        records: Serialized examples.
        hash_buckets: Buckets of each split, >= 1, in order; a split's share is its buckets over
            their sum.

    Returns:
        Place of each record's split among the splits, shape [records].
    """
    limits = np.cumsum(list(hash_buckets.values()))
    total = int(limits[-1])
    buckets = [int.from_bytes(hashlib.sha256(record).digest(), "big") % total for record in records]
    return np.searchsorted(limits, np.array(buckets, np.int64), side="right")
