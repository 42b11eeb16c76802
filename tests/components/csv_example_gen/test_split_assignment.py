"""Records are divided by their hash."""

from __future__ import annotations

import random

import numpy as np
from tfx.components.example_gen.base_example_gen_executor import _PartitionFn
from tfx.proto import example_gen_pb2

from components.csv_example_gen.split_assignment import assign_splits

BUCKETS = {"train": 6, "validation": 1, "test": 3}
RECORDS = [f"record {number}".encode() for number in range(2000)]


def test_splits_are_those_of_tfx() -> None:
    """Each record goes where TFX's own partition function sends it."""
    limits = [6, 7, 10]
    expected = [
        _PartitionFn(record, 3, limits, example_gen_pb2.SplitConfig()) for record in RECORDS
    ]

    assert assign_splits(RECORDS, BUCKETS).tolist() == expected


def test_a_record_keeps_its_split_wherever_it_stands() -> None:
    """Neither the order nor the other records matter."""
    places = random.Random(3).sample(range(len(RECORDS)), 500)
    whole = assign_splits(RECORDS, BUCKETS)

    alone = assign_splits([RECORDS[place] for place in places], BUCKETS)

    assert alone.tolist() == whole[places].tolist()


def test_shares_follow_the_buckets() -> None:
    """A split's share is its buckets over their sum."""
    counts = np.bincount(assign_splits(RECORDS, BUCKETS))

    assert np.allclose(counts / len(RECORDS), np.array(list(BUCKETS.values())) / 10, atol=0.03)
