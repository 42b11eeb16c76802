"""What the components' tests share: the tiny task, transformed once, and two models, measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft

from components.evaluator.settings import EvaluatorSettings
from components.serving.example_records import write_records
from components.serving.replay_client import Replay, ReplayProcesses
from tests.components.deliveries import Row, read_sample
from tests.components.replayed_models import (
    BASELINE_WEIGHT,
    CANDIDATE_WEIGHT,
    Measured,
    Replayed,
    create_request,
    list_split,
)
from tests.tiny_evaluation import (
    MEASURED,
    evaluate,
    export_model,
    export_plain_model,
    write_examples,
)
from tests.tiny_task import write_transform_output


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
    directory = tmp_path_factory.mktemp("incompatible")
    incompatible = export_plain_model(directory, price_type=tf.int64)
    plain = [
        create_request(model, records)
        for model in (measured.candidate, measured.baseline, incompatible)
    ]
    with ReplayProcesses(3) as processes:
        told = plain[0].model_copy(update={"label": "generous"})
        candidate, champion, broken = processes.replay([told, *plain[1:]], timeout_seconds=300)
    assert isinstance(candidate, Replay)
    assert isinstance(champion, Replay)
    return Replayed(candidate, champion, broken)


@pytest.fixture
def rows() -> list[Row]:
    """The sample's rows, to be changed."""
    return read_sample()
