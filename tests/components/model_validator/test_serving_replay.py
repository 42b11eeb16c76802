"""Models replayed in fresh processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from components.model_validator.serving_replay import ReplayError, replay_models
from tests.components.conftest import BASELINE_WEIGHT, CANDIDATE_WEIGHT, Measured
from tests.components.model_validator.conftest import Replayed, create_request
from tests.tiny_evaluation import MEASURED, get_label, get_probability

ROWS = range(len(MEASURED))


def test_it_answers_every_row_in_order(replayed: Replayed) -> None:
    """Each model's probabilities are those of its formula, batch borders or not."""
    for replay, weight in (
        (replayed.candidate, CANDIDATE_WEIGHT),
        (replayed.champion, BASELINE_WEIGHT),
    ):
        expected = [get_probability(row, weight) for row in ROWS]
        assert replay.probabilities == pytest.approx(expected, abs=1e-6)


def test_it_measures_what_serving_costs(replayed: Replayed, measured: Measured) -> None:
    """Load time and latencies are more than nothing, and the size is that of the files."""
    measures = replayed.candidate.measures
    files = Path(measured.candidate.uri, "Format-Serving").rglob("*")

    assert measures.rows == len(MEASURED)
    assert measures.load_seconds > 0
    assert 0 < measures.latency_p50_ms <= measures.latency_p99_ms
    size_bytes = sum(path.stat().st_size for path in files if path.is_file())
    assert measures.size_mb == pytest.approx(size_bytes / 1e6)


def test_the_candidate_tells_labels_and_features(replayed: Replayed) -> None:
    """Labels and transformed features come from the model's own signature."""
    evaluated = replayed.candidate.evaluated

    assert evaluated is not None
    assert evaluated.labels.tolist() == [get_label(row) for row in ROWS]
    assert set(evaluated.features) == {"price_scaled"}
    prices = [float(row["price"]) / 20 for row in MEASURED]
    assert evaluated.features["price_scaled"] == pytest.approx(prices)


def test_training_rows_are_evenly_spaced(replayed: Replayed) -> None:
    """Of sixty training rows the thirty asked for are every second one."""
    train = replayed.candidate.train

    assert train is not None
    assert train.labels.tolist() == [get_label(row) for row in ROWS[::2]]


def test_slices_are_those_of_the_evaluator(replayed: Replayed) -> None:
    """Raw columns and groups mark the rows; what the model does not give is left out."""
    slices = replayed.candidate.slices

    assert set(slices) == {"city", "hour", "coast"}
    in_oslo = [row["city"] == b"Oslo" for row in MEASURED]
    assert slices["city"].find_rows("Oslo").tolist() == in_oslo
    assert slices["coast"].find_rows("north").tolist() == in_oslo
    assert slices["hour"].find_rows("2").tolist() == [row["hour"] == 2 for row in MEASURED]
    assert not slices["hour"].find_rows("7").any()


def test_a_champion_tells_its_answers_alone(replayed: Replayed) -> None:
    """What the request does not ask for is not there."""
    assert replayed.champion.evaluated is None
    assert replayed.champion.train is None
    assert not replayed.champion.slices


def test_a_model_that_can_not_take_the_rows_says_why(replayed: Replayed) -> None:
    """A model that asks for another type is an answer, not a crash."""
    assert isinstance(replayed.misfit, ReplayError)
    assert "price" in str(replayed.misfit)
    assert "expected type: int64" in str(replayed.misfit)


def test_a_model_that_is_gone_says_so(measured: Measured, tmp_path: Path) -> None:
    """A folder that is not there is named, and no process is started."""
    request = create_request(measured, measured.candidate)
    gone = request.model_copy(update={"model_directory": str(tmp_path / "gone")})

    (answer,) = replay_models([gone], timeout_seconds=300)

    assert isinstance(answer, ReplayError)
    assert str(tmp_path / "gone") in str(answer)


def test_a_process_that_takes_too_long_is_ended(measured: Measured) -> None:
    """The time allowed is told."""
    request = create_request(measured, measured.candidate)

    (answer,) = replay_models([request], timeout_seconds=0.2)

    assert isinstance(answer, ReplayError)
    assert str(answer) == "no answer within 0.2 s"


def test_a_process_that_dies_is_told(tmp_path: Path, measured: Measured) -> None:
    """A process that ends without an answer gives its last line."""
    request = create_request(measured, measured.candidate)
    broken = request.model_copy(update={"batch_rows": "many"})

    (answer,) = replay_models([broken], timeout_seconds=300)

    assert isinstance(answer, ReplayError)
    assert "the process ended with 1" in str(answer)


def test_the_process_does_not_import_tfx() -> None:
    """What loads the model is TensorFlow alone, as a server has it."""
    code = (
        "import sys, components.model_validator.replay_process; "
        "print([name for name in ('tfx', 'tensorflow_model_analysis', "
        "'tensorflow_transform', 'apache_beam') if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_no_answers_are_no_replays() -> None:
    """Nothing asked, nothing answered."""
    assert replay_models([], timeout_seconds=1) == []
