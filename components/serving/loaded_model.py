"""Ask an exported model about many rows, as a server would, and the rows' labels and groups.

Rows go through the signatures in batches, so that what a model makes of a row, up to thousands of
numbers, is never there for all rows at once. TensorFlow alone: no TFX, no Keras.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import tensorflow as tf

from components.serving.model_error import SignatureError

BATCH_ROWS = 1 << 13
Examples: TypeAlias = npt.NDArray[np.object_] | pa.ChunkedArray
"""Serialized ``tf.Example`` records, [rows]."""

_MAX_MODELS = 2
"""A candidate and a champion."""


class LoadedModel:
    """A SavedModel."""

    def __init__(self, directory: str) -> None:
        """Load it; an ``OSError`` where there is none."""
        self._directory = directory
        # Kept, for its signatures hold it by weak references alone.
        self._model = tf.saved_model.load(directory)

    def find_signature(self, name: str) -> tf.types.experimental.ConcreteFunction:
        """Give a signature, a function that takes ``examples`` and gives tensors by output.

        Raises:
            SignatureError: If the model has no such signature.
        """
        signatures = self._model.signatures
        if name not in signatures:
            raise SignatureError(f"it has no signature {name!r}, only {sorted(signatures)}")
        return signatures[name]

    def list_outputs(self, signature: str) -> tuple[str, ...]:
        """List the outputs of a signature by name; raises as ``find_signature`` does."""
        return tuple(sorted(self.find_signature(signature).structured_outputs))

    def ask(
        self,
        signature: str,
        outputs: Sequence[str],
        examples: Examples,
        batch_rows: int | None = None,
        threads: int = 1,
    ) -> dict[str, npt.NDArray[Any]]:
        """Ask a signature that takes ``examples`` about rows; gives values by output, [rows].

        Raises:
            SignatureError: If there is no such signature or output, or not one value per row.
            tensorflow.errors.OpError: If the model can't take the rows.
        """
        function, known = self.find_signature(signature), self.list_outputs(signature)
        for output in outputs:
            if output not in known:
                raise SignatureError(f"{signature} gives {list(known)}, and no {output!r}")
        step = batch_rows or BATCH_ROWS

        def ask_batch(first: int) -> list[npt.NDArray[Any]]:
            batch = np.asarray(examples[first : first + step])
            answers = function(examples=tf.constant(batch, tf.string))
            return [self._flatten(signature, name, answers[name], batch.size) for name in outputs]

        with ThreadPoolExecutor(threads) as pool:
            batches = list(pool.map(ask_batch, range(0, len(examples), step)))
        columns = map(np.concatenate, zip(*batches, strict=True))
        return dict(zip(outputs, columns, strict=True))

    def _flatten(
        self, signature: str, output: str, answer: tf.Tensor, rows: int
    ) -> npt.NDArray[Any]:
        values = answer.numpy()
        if values.size != rows:
            raise SignatureError(
                f"{self._directory}: {signature} gives {output!r} of shape {values.shape} for "
                f"{rows} rows, expected one value per row"
            )
        return np.asarray(values).reshape(rows)


@functools.lru_cache(maxsize=_MAX_MODELS)
def load_model(directory: str) -> LoadedModel:
    """Load a SavedModel that does not change, once per process; two are kept."""
    return LoadedModel(directory)
