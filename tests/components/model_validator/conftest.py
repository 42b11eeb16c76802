"""What the model validator's tests share: the tiny models, replayed once."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tfx.types.standard_artifacts import Model

from components.evaluator.scored_rows import ScoredRows
from components.examples.parquet_examples import list_files
from components.serving.example_records import write_records
from components.serving.replay_client import (
    Replay,
    ReplayError,
    ReplayProcesses,
    ReplayRequest,
)
from tests.components.conftest import BASELINE_WEIGHT, CANDIDATE_WEIGHT, Measured
from tests.tiny_evaluation import MEASURED, export_plain_model, get_label, get_probability

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
class Replayed:
    """The candidate, the champion, and a model that asks for another type of price."""

    candidate: Replay
    champion: Replay
    misfit: Replay | ReplayError


@pytest.fixture(scope="session")
def records(measured: Measured, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The measured rows as records."""
    path = tmp_path_factory.mktemp("records") / "all.arrow"
    write_records(list_split(measured, "test"), np.arange(len(MEASURED)), path)
    return path


@pytest.fixture(scope="session")
def replayed(
    measured: Measured, records: Path, tmp_path_factory: pytest.TempPathFactory
) -> Replayed:
    """All three replayed side by side, each in a process of its own."""
    misfit = export_plain_model(tmp_path_factory.mktemp("misfit"), price_type=tf.int64)
    plain = [
        create_request(model, records) for model in (measured.candidate, measured.baseline, misfit)
    ]
    with ReplayProcesses(3) as processes:
        train_records = processes.directory / "train.arrow"
        write_records(list_split(measured, "train"), np.arange(0, 60, 2), train_records)
        told = plain[0].model_copy(
            update={
                "train_records_file": str(train_records),
                "label": "generous",
                "attributes": ("coast", "unknown"),
            }
        )
        candidate, champion, broken = processes.replay([told, *plain[1:]], timeout_seconds=300)
    assert isinstance(candidate, Replay)
    assert isinstance(champion, Replay)
    return Replayed(candidate, champion, broken)


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
