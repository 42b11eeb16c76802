"""Records are divided by their hash."""

from __future__ import annotations

import collections
import random

from tfx.components.example_gen.base_example_gen_executor import _PartitionFn
from tfx.proto import example_gen_pb2

from components.csv_example_gen.split_assignment import assign_splits

BUCKETS = {"train": 6, "validation": 1, "test": 3}
RECORDS = [f"record {number}".encode() for number in range(2000)]


def test_splits_are_those_of_tfx() -> None:
    """Each record goes where TFX's own partition function sends it."""
    limits = [6, 7, 10]
    expected = collections.defaultdict(list)
    for record in RECORDS:
        place = _PartitionFn(record, 3, limits, example_gen_pb2.SplitConfig())
        expected[list(BUCKETS)[place]].append(record)

    assert assign_splits(RECORDS, BUCKETS) == expected


def test_a_record_keeps_its_split_wherever_it_stands() -> None:
    """Neither the order nor the other records matter."""
    shuffled = random.Random(3).sample(RECORDS, 500)
    whole = assign_splits(RECORDS, BUCKETS)

    for split, records in assign_splits(shuffled, BUCKETS).items():
        assert set(records) <= set(whole[split])


def test_shares_follow_the_buckets() -> None:
    """A split's share is its buckets over their sum."""
    shares = {
        name: len(rows) / len(RECORDS) for name, rows in assign_splits(RECORDS, BUCKETS).items()
    }

    assert all(abs(shares[name] - BUCKETS[name] / 10) < 0.03 for name in BUCKETS)
