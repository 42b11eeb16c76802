"""Compare a serving replay with what the Evaluator measured, row by row; plain Python and NumPy."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from components.serving.replay_client import Array


@dataclasses.dataclass(frozen=True)
class Difference:
    """The largest difference between a replay and an evaluation, >= 0, and the row that has it.

    Where they can't be compared there is no value, and ``where`` says why.
    """

    value: float | None
    where: str


def find_largest_difference(
    rows: npt.NDArray[np.int64], measured: Array, replayed: Array
) -> Difference:
    """Compare one model's probabilities, [rows]; no value where one is not a number."""
    differences = np.abs(replayed - measured)
    [not_numbers] = np.nonzero(~np.isfinite(differences))
    if not_numbers.size:
        place = not_numbers[0]
        return Difference(
            None,
            f"row {rows[place]} of the split: the Evaluator measured {measured[place]:g}, the "
            f"replay {replayed[place]:g}",
        )
    place = np.argmax(differences)
    return Difference(float(differences[place]), f"row {rows[place]} of the split")


def find_other_label(
    rows: npt.NDArray[np.int64], measured: Array, replayed: Array
) -> Difference | None:
    """Find the first row whose label is another in the replay: it was not the same row."""
    [others] = np.nonzero(replayed != measured)
    if not others.size:
        return None
    place = others[0]
    return Difference(
        None,
        f"row {rows[place]} of the split: its label was {measured[place]:g} in the Evaluator and "
        f"is {replayed[place]:g} in the replay",
    )
