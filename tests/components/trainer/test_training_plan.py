"""Passes and epochs for splits of all sizes."""

from __future__ import annotations

import pytest

from components.trainer.settings import TrainerSettings
from components.trainer.training_plan import TrainingPlan, plan_training


@pytest.mark.parametrize(
    ("rows", "plan"),
    [
        (1, TrainingPlan(epochs=40, steps_per_epoch=1, rows_per_epoch=1)),
        (9_003, TrainingPlan(epochs=40, steps_per_epoch=36, rows_per_epoch=9_003)),
        (900_000, TrainingPlan(epochs=16, steps_per_epoch=879, rows_per_epoch=225_024)),
        (9_000_000, TrainingPlan(epochs=36, steps_per_epoch=977, rows_per_epoch=250_112)),
    ],
)
def test_spends_the_budget(rows: int, plan: TrainingPlan) -> None:
    """Few rows are passed over 40 times, 900,000 four times, nine millions once."""
    assert plan_training(rows, TrainerSettings()) == plan


def test_passes_over_the_rows_once_at_least() -> None:
    """A budget below the split's rows is one pass all the same."""
    settings = TrainerSettings(rows_budget=1, batch_size=10)

    assert plan_training(95, settings) == TrainingPlan(1, steps_per_epoch=10, rows_per_epoch=95)
