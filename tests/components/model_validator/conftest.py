"""What the model validator's tests share: two tiny models, measured once."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from tfx.types.standard_artifacts import Model, ModelEvaluation

from components.evaluator.settings import EvaluatorSettings
from tests.tiny_evaluation import evaluate, export_model

CANDIDATE_WEIGHT = 0.1
BASELINE_WEIGHT = -0.2


@dataclasses.dataclass(frozen=True)
class Measured:
    """A candidate and a champion, and what TFX's Evaluator wrote of them."""

    candidate: Model
    baseline: Model
    compared: ModelEvaluation
    alone: ModelEvaluation


@pytest.fixture(scope="session")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    """Both models measured together, and the candidate alone; without intervals, for speed."""
    directory: Path = tmp_path_factory.mktemp("measured")
    candidate = export_model(directory / "candidate", CANDIDATE_WEIGHT)
    baseline = export_model(directory / "baseline", BASELINE_WEIGHT)
    candidate.id, baseline.id = 2, 1
    plain = EvaluatorSettings(confidence_intervals="none")
    return Measured(
        candidate,
        baseline,
        evaluate(directory / "compared", candidate, baseline, plain),
        evaluate(directory / "alone", candidate, None, plain),
    )
