"""Assign records to splits by the hash of their bytes, as TFX's ExampleGen does."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

_DIGEST_BYTES = 32


def assign_splits(
    records: Iterable[bytes], hash_buckets: Mapping[str, int]
) -> npt.NDArray[np.int64]:
    """Assign records to splits; the same record goes to the same split, whatever its place.

    The rule is TFX's: SHA-256 of the record, modulo the sum of the buckets, falls to the first
    split whose cumulated buckets exceed it.

    Args:
        hash_buckets: Buckets of each split, >= 1; a split's share is its buckets over their sum.

    Returns:
        Place of each record's split among the splits, shape [records].
    """
    limits = np.cumsum(list(hash_buckets.values()))
    total = int(limits[-1])
    digests = b"".join([hashlib.sha256(record).digest() for record in records])
    # A digest is a number to the base 256, of which only the remainder counts.
    digits = np.frombuffer(digests, np.uint8).reshape(-1, _DIGEST_BYTES)
    powers = [pow(256, exponent, total) for exponent in reversed(range(_DIGEST_BYTES))]
    buckets = digits @ np.array(powers, np.int64) % total
    return np.searchsorted(limits, buckets, side="right")
