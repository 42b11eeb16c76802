"""Ask an exported model about many rows, as a server would, and the rows' labels and groups.

Rows go through the signatures in chunks, so that what a model makes of a row, up to thousands of
numbers, is never there for all rows at once.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

CHUNK_ROWS = 1 << 13
_MODELS = 2


class LoadedModel:
    """A SavedModel."""

    def __init__(self, directory: str) -> None:
        """Load it.

        Raises:
            OSError: If there is none.
        """
        self._directory = directory
        self._model = tf.saved_model.load(directory)

    @property
    def signatures(self) -> tuple[str, ...]:
        """The names of its signatures."""
        return tuple(sorted(self._model.signatures))

    def list_outputs(self, signature: str) -> tuple[str, ...]:
        """List the outputs of a signature by name."""
        return tuple(sorted(self._model.signatures[signature].structured_outputs))

    def ask(
        self, signature: str, outputs: Sequence[str], examples: npt.NDArray[np.object_]
    ) -> dict[str, npt.NDArray[Any]]:
        """Ask a signature about rows.

        Args:
            signature: Its name; it takes ``examples``.
            outputs: Outputs that are wanted, each one value a row.
            examples: Serialized ``tf.Example`` records, [rows], at least one.

        Returns:
            Values by output, [rows].

        Raises:
            ValueError: If an output has not one value a row.
            tensorflow.errors.OpError: If the model can't take the rows.
        """
        function = self._model.signatures[signature]
        chunks = []
        for first in range(0, examples.size, CHUNK_ROWS):
            chunk = examples[first : first + CHUNK_ROWS]
            answers = function(examples=tf.constant(chunk, tf.string))
            chunks.append(
                [self._flatten(signature, name, answers[name], chunk.size) for name in outputs]
            )
        return {
            name: np.concatenate(parts)
            for name, parts in zip(outputs, zip(*chunks, strict=True), strict=True)
        }

    def _flatten(
        self, signature: str, output: str, answer: tf.Tensor, rows: int
    ) -> npt.NDArray[Any]:
        values = answer.numpy()
        if values.size != rows:
            raise ValueError(
                f"{self._directory}: {signature} gives {output!r} of shape {values.shape} for "
                f"{rows} rows, expected one value a row"
            )
        return np.asarray(values).reshape(rows)


@functools.lru_cache(maxsize=_MODELS)
def load_model(directory: str) -> LoadedModel:
    """Load a model once a process; a candidate and a champion are kept.

    Args:
        directory: Folder of a SavedModel, which does not change.

    Raises:
        OSError: If there is none.
    """
    return LoadedModel(directory)
