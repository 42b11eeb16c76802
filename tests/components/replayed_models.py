"""The tiny models, measured by the Evaluator, and what a replay of them is asked."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tfx.types.standard_artifacts import Examples, Model, ModelEvaluation

from components.evaluator.scored_rows import ScoredRows
from components.examples.parquet_examples import list_files
from components.serving.replay_client import (
    Replay,
    ReplayError,
    ReplayProcesses,
    ReplayRequest,
)
from tests.tiny_evaluation import MEASURED, get_label, get_probability

CANDIDATE_WEIGHT = 0.1
BASELINE_WEIGHT = -0.2

ROWS = range(len(MEASURED))
SCORED = ScoredRows(
    np.arange(len(MEASURED)),
    np.random.default_rng(8).integers(0, 2**64, len(MEASURED), np.uint64),
    np.array([get_label(row) for row in ROWS], np.float64),
    np.array([get_probability(row, CANDIDATE_WEIGHT) for row in ROWS]),
    np.array([get_probability(row, BASELINE_WEIGHT) for row in ROWS]),
)
"""The measured rows by the models' formula."""


@dataclasses.dataclass(frozen=True)
class Measured:
    """A candidate and a champion, and what the Evaluator wrote of them on some examples."""

    examples: Examples
    candidate: Model
    baseline: Model
    compared: ModelEvaluation
    alone: ModelEvaluation


@dataclasses.dataclass(frozen=True)
class Replayed:
    """The candidate, the champion, and a model that asks for another type of price."""

    candidate: Replay
    champion: Replay
    incompatible: Replay | ReplayError


def create_request(model: Model, records: Path) -> ReplayRequest:
    """Ask for a model's answers to records."""
    return ReplayRequest(
        model_directory=str(Path(model.uri, "Format-Serving")),
        records_file=str(records),
        batch_rows=25,
        latency_rows=20,
    )


def replay_one(request: ReplayRequest, timeout_seconds: float = 300) -> Replay | ReplayError:
    """Replay one model."""
    with ReplayProcesses(1) as processes:
        [answer] = processes.replay([request], timeout_seconds)
    return answer


def list_split(measured: Measured, split: str) -> Sequence[str]:
    """List a split's files."""
    return list_files(Path(measured.examples.uri, f"Split-{split}"))
