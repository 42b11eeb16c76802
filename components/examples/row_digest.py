"""A digest per row that depends on its cells alone, and what is decided by it.

The number of a row in its split depends on the order of rows and files; its digest does not. So
groups, samples and orders that follow from digests are the same wherever the rows stand.

Cells are hashed by pandas (SipHash of bytes, SplitMix64's finalizer of numbers), whose hashes are
the same on every machine and in every process.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pandas.util import hash_array

from components.examples.parquet_examples import count_rows, read_flat_batches

Digests = npt.NDArray[np.uint64]


def digest_rows(batch: pa.RecordBatch) -> Digests:
    """Digest rows, all their columns, to numbers evenly spread over all of 64 bits, [rows].

    The digest of a row is a sum over its cells, each hashed with its column's name: columns may
    stand in any order, and one that holds no value counts as one that is not there. Equal rows have
    equal digests, and any two that differ have equal ones with probability 2^-64.
    """
    sums = np.zeros(batch.num_rows, np.uint64)
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        [name_hash] = hash_array(np.array([name], np.object_))
        cells = hash_array(_hash_values(column) + name_hash)
        sums += np.where(column.is_valid().to_numpy(zero_copy_only=False), cells, np.uint64(0))
    return np.asarray(hash_array(sums))


def order_rows(digests: Digests) -> npt.NDArray[np.int64]:
    """Put rows into an order that follows from their cells and is otherwise random; gives places.

    Equal rows are independent observations here: each copy is hashed with how many there were
    before it, so that copies are spread over the order as different rows are.
    """
    order = np.argsort(digests, kind="stable")
    ascending = digests[order]
    firsts = np.flatnonzero(np.append(True, ascending[1:] != ascending[:-1])[: digests.size])
    copies = np.diff(firsts, append=digests.size)
    earlier_copies = np.arange(digests.size) - np.repeat(firsts, copies)
    keys = hash_array(ascending + hash_array(earlier_copies))
    return np.asarray(order[np.argsort(keys, kind="stable")])


def choose_rows(digests: Digests, max_rows: int) -> npt.NDArray[np.int64]:
    """Choose up to ``max_rows`` rows with the smallest digests; gives their places, ascending.

    Equal rows are chosen together, but for those at the limit, of which the first are.
    """
    return np.sort(np.argsort(digests, kind="stable")[:max_rows])


def sample_rows(paths: Sequence[str], max_rows: int) -> npt.NDArray[np.int64]:
    """Choose up to ``max_rows`` rows of a split by their digests; gives numbers, ascending."""
    rows = count_rows(paths)
    if rows <= max_rows:
        return np.arange(rows)
    digests = np.concatenate([digest_rows(batch) for batch in read_flat_batches(paths)])
    return choose_rows(digests, max_rows)


def _hash_values(column: pa.Array) -> Digests:
    """Hash a column's values; those of missing ones mean nothing."""
    if pa.types.is_floating(column.type) or pa.types.is_integer(column.type):
        return np.asarray(hash_array(column.fill_null(0).to_numpy()))
    # Most texts occur often, so each is hashed once.
    encoded = column.dictionary_encode()
    distinct = encoded.dictionary.to_numpy(zero_copy_only=False)
    hashes = hash_array(np.append(distinct, b""), categorize=False)
    return np.asarray(hashes[encoded.indices.fill_null(distinct.size).to_numpy()])
