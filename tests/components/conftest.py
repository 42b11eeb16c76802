"""What the components' tests share: the tiny task, transformed once, and two models, measured."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import tensorflow_transform as tft
from tfx.types.standard_artifacts import Examples, Model, ModelEvaluation

from components.evaluator.settings import EvaluatorSettings
from tests.tiny_evaluation import evaluate, export_model, write_examples
from tests.tiny_task import write_transform_output

CANDIDATE_WEIGHT = 0.1
BASELINE_WEIGHT = -0.2


@dataclasses.dataclass(frozen=True)
class Measured:
    """A candidate and a champion, and what the Evaluator wrote of them on some examples."""

    examples: Examples
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
        write_examples(directory / "examples"),
        candidate,
        baseline,
        evaluate(directory / "compared", candidate, baseline, plain),
        evaluate(directory / "alone", candidate, None, plain),
    )


@pytest.fixture(scope="session")
def transform_output(tmp_path_factory: pytest.TempPathFactory) -> tft.TFTransformOutput:
    """What Transform learns from the six rows of the tiny task."""
    return write_transform_output(tmp_path_factory.mktemp("transform"))
