"""What the model validator's tests share: two tiny models, measured once."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import tensorflow as tf
from tfx.types.standard_artifacts import Examples, Model, ModelEvaluation

from components.evaluator.settings import EvaluatorSettings
from components.model_validator.serving_replay import (
    Replay,
    ReplayError,
    ReplayRequest,
    replay_models,
)
from tests.tiny_evaluation import evaluate, export_model, export_plain_model, write_examples

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


@dataclasses.dataclass(frozen=True)
class Replayed:
    """The candidate, the champion, and a model that asks for another type of price."""

    candidate: Replay
    champion: Replay
    misfit: Replay | ReplayError


@pytest.fixture(scope="session")
def replayed(measured: Measured, tmp_path_factory: pytest.TempPathFactory) -> Replayed:
    """All three replayed side by side, each in a process of its own."""
    misfit = export_plain_model(tmp_path_factory.mktemp("misfit"), price_type=tf.int64)
    plain = [
        create_request(measured, model) for model in (measured.candidate, measured.baseline, misfit)
    ]
    told = plain[0].model_copy(
        update={
            "train_files": list_files(measured, "train"),
            "max_train_rows": 30,
            "label": "generous",
            "columns": {"city": "bytes", "hour": "int"},
            "attributes": ("coast", "unknown"),
        }
    )
    candidate, champion, broken = replay_models([told, *plain[1:]], timeout_seconds=300)
    assert isinstance(candidate, Replay)
    assert isinstance(champion, Replay)
    return Replayed(candidate, champion, broken)


def create_request(measured: Measured, model: Model) -> ReplayRequest:
    """Ask for a model's answers to the measured rows."""
    return ReplayRequest(
        model_directory=str(Path(model.uri, "Format-Serving")),
        example_files=list_files(measured, "test"),
        batch_rows=25,
        latency_rows=20,
    )


def list_files(measured: Measured, split: str) -> tuple[str, ...]:
    """List a split's files."""
    return tuple(map(str, Path(measured.examples.uri, f"Split-{split}").iterdir()))
