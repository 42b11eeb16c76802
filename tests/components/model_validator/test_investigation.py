"""What is found out for the gates, on the scores and real replays of tiny models."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from components.evaluator.scored_rows import ScoredRows
from components.metrics.binary_metrics import summarize_rows
from components.metrics.evaluation import Evaluation, read_evaluation
from components.metrics.slice_columns import find_slices
from components.model_validator.gates import (
    ChangeGate,
    FairnessGate,
    Gate,
    ServingGate,
    TrivialGate,
    ValueGate,
)
from components.model_validator.investigation import (
    compare_replay,
    measure_changes,
    measure_trivial_models,
    needs_evidence,
    needs_replay,
)
from components.model_validator.trivial_models import (
    LabeledFeatures,
    predict_by_trivial_models,
    transform_rows,
)
from components.serving.loaded_model import LoadedModel
from components.serving.replay_client import ReplayError
from tests.components.replayed_models import ROWS, SCORED, Measured, Replayed, list_split
from tests.tiny_evaluation import MEASURED, get_label

VALUE = ValueGate(kind="value", name="floor", metric="auc", min=0.0)
CHANGE = ChangeGate(kind="change", name="change", metric="auc", max_drop=0.1)
BY_CITY = ChangeGate(
    kind="change",
    name="by_city",
    metric="log_loss",
    max_rise=0.1,
    slice_columns=("city", "coast"),
    min_examples=20,
)
SIZE = ServingGate(kind="serving", name="size", metric="size_mb", max=100.0)
FAIR = FairnessGate(
    kind="fairness", name="fair", attribute="coast", metric="precision", max_gap=0.1
)
USEFUL = TrivialGate(kind="beats_trivial", name="useful")
SLICES = {
    "city": find_slices("city", pa.array([row["city"] for row in MEASURED], pa.binary())),
    "coast": find_slices(
        "coast", pa.array(["north" if row["city"] == b"Oslo" else "south" for row in MEASURED])
    ),
}
SLICED = dataclasses.replace(SCORED, slices=SLICES)


def read_compared(measured: Measured) -> Evaluation:
    """Read the evaluation of both models."""
    return read_evaluation(Path(measured.compared.uri))


def transform(measured: Measured, split: str, rows: Sequence[int]) -> LabeledFeatures:
    """Have the candidate transform rows."""
    model = LoadedModel(f"{measured.candidate.uri}/Format-Serving")
    return transform_rows(model, list_split(measured, split), np.array(rows), "generous")


@pytest.mark.parametrize(
    ("gates", "has_champion", "expected"),
    [
        ([VALUE, FAIR], True, False),
        ([VALUE, CHANGE], False, False),
        ([VALUE, CHANGE], True, True),
        ([VALUE, SIZE], False, True),
        ([VALUE, USEFUL], False, True),
    ],
)
def test_more_is_found_out_where_a_gate_asks(
    gates: list[Gate], has_champion: bool, expected: bool
) -> None:
    """The metrics are enough for fixed limits, and a replay is for serving gates alone."""
    assert needs_evidence(gates, has_champion=has_champion) is expected
    assert needs_replay(gates) is (SIZE in gates)


def test_replays_agree_with_the_evaluator(replayed: Replayed) -> None:
    """Both models' answers in a fresh process are those that the Evaluator measured."""
    for replay, measured in (
        (replayed.candidate, SCORED.candidate),
        (replayed.champion, SCORED.champion),
    ):
        report = compare_replay(replay, SCORED, measured)

        assert report.prediction_difference is not None
        assert report.prediction_difference < 1e-6
        assert report.rows == 60


def test_a_model_that_answers_otherwise_is_found(replayed: Replayed) -> None:
    """One answer of sixty that is off by a tenth is the difference, and its row is named."""
    probabilities = replayed.candidate.probabilities.copy()
    probabilities[7] += 0.1
    other = dataclasses.replace(replayed.candidate, probabilities=probabilities)

    report = compare_replay(other, SCORED, SCORED.candidate)

    assert report.prediction_difference == pytest.approx(0.1, abs=1e-6)
    assert report.difference_at == "row 7 of the split"


def test_rows_with_other_labels_can_not_be_compared(replayed: Replayed) -> None:
    """A label that is another in the replay is told instead of a difference."""
    assert replayed.candidate.labels is not None
    others = dataclasses.replace(replayed.candidate, labels=1 - replayed.candidate.labels)

    report = compare_replay(others, SCORED, SCORED.candidate)

    assert report.prediction_difference is None
    assert "row 0 of the split: its label was" in str(report.difference_at)


def test_a_model_that_was_not_served_is_reported(replayed: Replayed) -> None:
    """Why it could not be served is all that is known of it."""
    assert isinstance(replayed.incompatible, ReplayError)

    report = compare_replay(replayed.incompatible, SCORED, SCORED.champion)

    assert report.problem == str(replayed.incompatible)
    assert report.rows is None


def test_thinned_rows_are_counted_by_slice(measured: Measured) -> None:
    """Where every second row's scores were kept, each judged slice tells how many it has left."""
    half = np.arange(0, 60, 2)
    scored = dataclasses.replace(SCORED, slices={"city": SLICES["city"]}).select(half)

    changes, thinned = measure_changes(
        read_compared(measured), [CHANGE, BY_CITY], scored, 0.95, 0.5
    )

    in_oslo = sum(MEASURED[row]["city"] == b"Oslo" for row in half)
    assert thinned == {"overall": 30, "city=Oslo": in_oslo, "coast=north": 0}
    assert set(changes) == {("auc", "overall"), ("log_loss", "city=Oslo")}


def test_changes_are_estimated_where_a_gate_asks(measured: Measured) -> None:
    """Each slice of enough rows has the change of the Evaluator's values; small ones have none."""
    evaluation = read_compared(measured)

    changes, thinned = measure_changes(evaluation, [CHANGE, BY_CITY], SLICED, 0.95, 0.5)

    assert set(changes) == {
        ("auc", "overall"),
        ("log_loss", "city=Oslo"),
        ("log_loss", "coast=north"),
    }
    assert not thinned, "all rows' scores were kept"
    change = changes["auc", "overall"]
    assert change is not None
    champion = evaluation.find_champion("overall")
    assert champion is not None
    values = [part.metrics["auc"].value for part in (evaluation.overall, champion)]
    assert None not in values
    assert change.value == pytest.approx(float(values[0] or 0) - float(values[1] or 0))


def test_without_a_champion_there_are_no_changes(measured: Measured) -> None:
    """Where no scores of a champion were kept, nothing is estimated."""
    alone: ScoredRows = dataclasses.replace(SLICED, champion=None)

    assert measure_changes(read_compared(measured), [CHANGE], alone, 0.95, 0.5) == ({}, {})


def test_rows_are_transformed_by_the_candidate(measured: Measured) -> None:
    """Labels and the features that are numbers come from the model's own signature, in order."""
    evaluated = transform(measured, "test", ROWS)
    train = transform(measured, "train", ROWS[::2])

    assert evaluated.labels.tolist() == [get_label(row) for row in ROWS]
    assert train.labels.tolist() == [get_label(row) for row in ROWS[::2]]
    assert set(evaluated.features) == {"price_scaled"}
    prices = [float(row["price"]) / 20 for row in MEASURED]
    assert evaluated.features["price_scaled"] == pytest.approx(prices)


def test_trivial_models_are_measured(measured: Measured) -> None:
    """The base rate's log loss is that of its formula, and the regression is no worse."""
    train, evaluated = transform(measured, "train", ROWS[::2]), transform(measured, "test", ROWS)
    predictions = predict_by_trivial_models(train, evaluated)

    base_rate, regression = measure_trivial_models(SCORED, predictions, 0.95, 0.5)

    share, labels = train.labels.mean(), evaluated.labels
    expected = -np.mean(labels * np.log(share) + (1 - labels) * np.log(1 - share))
    assert base_rate.log_loss == pytest.approx(expected)
    assert base_rate.auc == 0.5
    assert regression.name == "logistic_regression"
    candidate = summarize_rows(labels, SCORED.candidate).compute_metrics()["log_loss"]
    assert regression.change == pytest.approx(candidate - regression.log_loss)
    assert regression.lower < regression.change < regression.upper
