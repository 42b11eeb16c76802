"""What the model validator's tests share: the tiny models, replayed once."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import tensorflow as tf
from tfx.types.standard_artifacts import Model

from components.model_validator.serving_replay import (
    Replay,
    ReplayError,
    ReplayRequest,
    replay_models,
)
from tests.components.conftest import Measured
from tests.tiny_evaluation import export_plain_model


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
