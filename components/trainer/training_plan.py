"""How often a training passes over its rows, and where it stops to validate; plain Python."""

from __future__ import annotations

import dataclasses
import math

from components.trainer.settings import TrainerSettings


@dataclasses.dataclass(frozen=True)
class TrainingPlan:
    """The longest that a training may take; early stopping may end it sooner.

    Attributes:
        epochs: Stretches between two validations, >= 1.
        steps_per_epoch: Gradient steps, >= 1.
    """

    epochs: int
    steps_per_epoch: int
    rows_per_epoch: int


def plan_training(rows: int, settings: TrainerSettings) -> TrainingPlan:
    """Spread the budget of rows over passes of the training split, and cut each into epochs.

    Returns:
        As many passes as the budget asks for, at least one and at most ``max_epochs``, of one epoch
        each, or of several where the split has more than ``epoch_rows``.
    """
    passes = min(settings.max_epochs, math.ceil(settings.rows_budget / rows))
    epochs_per_pass = math.ceil(rows / settings.epoch_rows)
    steps = math.ceil(math.ceil(rows / settings.batch_size) / epochs_per_pass)
    return TrainingPlan(
        epochs=passes * epochs_per_pass,
        steps_per_epoch=steps,
        rows_per_epoch=min(rows, steps * settings.batch_size),
    )
