"""Assign records to splits by the hash of their bytes, as TFX's ExampleGen does."""

from __future__ import annotations

import bisect
import hashlib
import itertools
from collections.abc import Iterable, Mapping


def assign_splits(
    records: Iterable[bytes], hash_buckets: Mapping[str, int]
) -> dict[str, list[bytes]]:
    """Divide records among splits; the same record goes to the same split, whatever its place.

    The rule is TFX's: SHA-256 of the record, modulo the sum of the buckets, falls to the first
    split whose cumulated buckets exceed it.

    Args:
        records: Serialized examples.
        hash_buckets: Buckets of each split, >= 1, in order; a split's share is its buckets over
            their sum.

    Returns:
        The records of every split, in the order given.
    """
    limits = list(itertools.accumulate(hash_buckets.values()))
    assigned: list[list[bytes]] = [[] for _ in limits]
    for record in records:
        digest = hashlib.sha256(record).digest()
        bucket = int.from_bytes(digest, "big") % limits[-1]
        assigned[bisect.bisect(limits, bucket)].append(record)
    return dict(zip(hash_buckets, assigned, strict=True))
