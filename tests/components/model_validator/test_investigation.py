"""What is found out for the gates, on real replays of tiny models."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from components.evaluator.evaluation import load_evaluation
from components.metrics.grouped_metrics import compute_metric
from components.model_validator.evidence import Evidence
from components.model_validator.gates import (
    ChangeGate,
    FairnessGate,
    Gate,
    ServingGate,
    TrivialGate,
    ValueGate,
)
from components.model_validator.investigation import gather_evidence, needs_replay
from components.serving.replay_client import LabeledFeatures, Replay, ReplayError
from components.serving.slice_columns import code_values
from tests.components.replayed_models import SCORED, Measured, Replayed
from tests.tiny_evaluation import MEASURED

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
COLUMNS = {"city": code_values("city", pa.array([row["city"] for row in MEASURED], pa.binary()))}


def gather(
    measured: Measured,
    gates: Sequence[Gate],
    candidate: Replay | ReplayError,
    champion: Replay | ReplayError | None,
) -> Evidence:
    """Gather the evidence of the measured models."""
    evaluation = load_evaluation(Path((measured.compared if champion else measured.alone).uri))
    return gather_evidence(evaluation, gates, SCORED, COLUMNS, candidate, champion, 0.95, 0.5)


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
def test_models_are_replayed_where_a_gate_asks(
    gates: list[Gate], has_champion: bool, expected: bool
) -> None:
    """The Evaluator's metrics are enough for fixed limits, and for changes from no champion."""
    assert needs_replay(gates, has_champion=has_champion) is expected


def test_replays_agree_with_the_evaluator(measured: Measured, replayed: Replayed) -> None:
    """Both models' answers in a fresh process are those that TFMA measured."""
    evidence = gather(measured, [CHANGE], replayed.candidate, replayed.champion)

    for report in (evidence.candidate, evidence.champion):
        assert report is not None
        assert report.prediction_difference is not None
        assert report.prediction_difference < 1e-6
        assert report.rows == 60


def test_a_model_that_answers_otherwise_is_found(measured: Measured, replayed: Replayed) -> None:
    """One answer of sixty that is off by a tenth is the difference, and its row is named."""
    probabilities = replayed.candidate.probabilities.copy()
    probabilities[7] += 0.1

    evidence = gather(
        measured, [SIZE], dataclasses.replace(replayed.candidate, probabilities=probabilities), None
    )

    assert evidence.candidate is not None
    assert evidence.candidate.prediction_difference == pytest.approx(0.1, abs=1e-6)
    assert evidence.candidate.difference_at == "row 7 of the split"


def test_rows_with_other_labels_can_not_be_compared(measured: Measured, replayed: Replayed) -> None:
    """A label that is another in the replay is told instead of a difference."""
    evaluated = replayed.candidate.evaluated
    assert evaluated is not None
    others = LabeledFeatures(1 - evaluated.labels, evaluated.features)

    evidence = gather(
        measured, [SIZE], dataclasses.replace(replayed.candidate, evaluated=others), None
    )

    assert evidence.candidate is not None
    assert evidence.candidate.prediction_difference is None
    assert "row 0 of the split: its label was" in str(evidence.candidate.difference_at)


def test_thinned_rows_are_counted_by_slice(measured: Measured, replayed: Replayed) -> None:
    """Where every second row was replayed, each judged slice tells how many rows it has left."""
    half = np.arange(0, 60, 2)
    candidate = dataclasses.replace(
        replayed.candidate,
        probabilities=replayed.candidate.probabilities[half],
        slices={},
        evaluated=None,
    )
    champion = dataclasses.replace(
        replayed.champion, probabilities=replayed.champion.probabilities[half]
    )
    scored = SCORED.select(half)
    cities = pa.array([MEASURED[row]["city"] for row in half], pa.binary())

    evidence = gather_evidence(
        load_evaluation(Path(measured.compared.uri)),
        [CHANGE, BY_CITY],
        scored,
        {"city": code_values("city", cities)},
        candidate,
        champion,
        0.95,
        0.5,
    )

    in_oslo = sum(city == b"Oslo" for city in cities.to_pylist())
    assert evidence.thinned_slices == {"overall": 30, "city=Oslo": in_oslo, "coast=north": 0}
    assert set(evidence.changes) == {("auc", "overall"), ("log_loss", "city=Oslo")}


def test_changes_are_estimated_where_a_gate_asks(measured: Measured, replayed: Replayed) -> None:
    """Each slice of enough rows has the change of the Evaluator's values; small ones have none."""
    evidence = gather(measured, [CHANGE, BY_CITY], replayed.candidate, replayed.champion)

    assert set(evidence.changes) == {
        ("auc", "overall"),
        ("log_loss", "city=Oslo"),
        ("log_loss", "coast=north"),
    }
    assert not evidence.thinned_slices, "all rows were replayed"
    change = evidence.changes["auc", "overall"]
    assert change is not None
    evaluation = load_evaluation(Path(measured.compared.uri))
    champion = evaluation.find_baseline("overall")
    assert champion is not None
    expected = evaluation.overall.metrics["auc"].value - champion.metrics["auc"].value
    assert change.value == pytest.approx(expected)


def test_trivial_models_are_measured(measured: Measured, replayed: Replayed) -> None:
    """The base rate's log loss is that of its formula, and the regression is no worse."""
    evidence = gather(measured, [USEFUL], replayed.candidate, None)

    base_rate, regression = evidence.trivial
    train, evaluated = replayed.candidate.train, replayed.candidate.evaluated
    assert train is not None
    assert evaluated is not None
    share, labels = train.labels.mean(), evaluated.labels
    expected = -np.mean(labels * np.log(share) + (1 - labels) * np.log(1 - share))
    assert base_rate.log_loss == pytest.approx(expected)
    assert base_rate.auc == 0.5
    assert regression.name == "logistic_regression"
    candidate = compute_metric("log_loss", labels, replayed.candidate.probabilities, 0.5)
    assert regression.change == pytest.approx(candidate - regression.log_loss)
    assert regression.lower < regression.change < regression.upper


def test_models_that_were_not_served_are_reported(measured: Measured, replayed: Replayed) -> None:
    """A champion that can't be served leaves no changes, a candidate leaves nothing."""
    assert isinstance(replayed.misfit, ReplayError)

    no_champion = gather(measured, [CHANGE], replayed.candidate, replayed.misfit)
    no_candidate = gather(measured, [CHANGE], replayed.misfit, replayed.champion)

    assert no_champion.champion is not None
    assert no_champion.champion.problem == str(replayed.misfit)
    assert not no_champion.changes
    assert "champion can't be compared" in no_champion.replay_problem
    assert no_candidate.candidate is not None
    assert no_candidate.candidate.problem == str(replayed.misfit)
    assert not no_candidate.trivial
