"""How the Evaluator measures: ``evaluator:`` of an environment's YAML; plain Python."""

from __future__ import annotations

from typing import Annotated, Literal

import pydantic

from components.frozen_model import FrozenModel

ConfidenceIntervals = Literal["none", "jackknife"]


class EvaluatorSettings(FrozenModel, strict=True):
    """What to measure, on which rows, and how surely.

    Attributes:
        split: Example split that is evaluated; neither training nor early stopping saw it.
        threshold: A row counts as positive where its probability is above it.
        confidence_intervals: Method of the 95 % intervals, or none.
        plots: Whether to write the confusion matrices by threshold and the calibration of each
            slice: the run report's curves.
        max_scored_rows: Maximum number of rows whose scores are kept one by one, chosen by
            their digests: those that ModelValidator judges changes on, and replays.
    """

    split: Annotated[str, pydantic.Field(min_length=1)] = "test"
    threshold: Annotated[float, pydantic.Field(gt=0, lt=1)] = 0.5
    confidence_intervals: ConfidenceIntervals = "jackknife"
    plots: bool = True
    max_scored_rows: Annotated[int, pydantic.Field(ge=1)] = 300_000
