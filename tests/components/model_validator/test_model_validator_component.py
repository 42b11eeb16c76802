"""The component ModelValidator, on real artifacts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tfx.components.evaluator.constants import BLESSED_FILE_NAME, NOT_BLESSED_FILE_NAME
from tfx.components.util.model_utils import is_model_blessed
from tfx.dsl.input_resolution.strategies.latest_blessed_model_strategy import (
    LatestBlessedModelStrategy,
)
from tfx.types.standard_artifacts import Model, ModelBlessing, ModelEvaluation

from components.evaluator.metric_names import SCORE_METRICS
from components.model_validator.component import ModelValidator
from components.model_validator.gates import ChangeGate, Gate, ValueGate, dump_gates
from components.model_validator.judgement import Outcome
from components.model_validator.validation import read_validation
from tests.components.model_validator.conftest import Measured
from tests.tiny_evaluation import MEASURED

EASY = ValueGate(kind="value", name="easy", metric="auc", min=0.0)
IMPOSSIBLE = ValueGate(kind="value", name="impossible", metric="log_loss", max=0.0)
BY_CITY = ValueGate(
    kind="value", name="by_city", metric="auc", min=0.0, slice_columns=("city",), min_examples=10
)
CHANGE = ChangeGate(kind="change", name="change", metric="log_loss", max_rise=0.0)


def validate(
    directory: Path,
    evaluation: ModelEvaluation,
    candidate: Model,
    baseline: Model | None,
    *gates: Gate,
) -> ModelBlessing:
    """Run the component's executor."""
    blessing = ModelBlessing()
    blessing.uri = str(directory / "blessing")
    inputs: dict[str, Any] = {"evaluation": [evaluation], "model": [candidate]}
    if baseline:
        inputs["baseline_model"] = [baseline]
    ModelValidator.EXECUTOR_SPEC.executor_class().Do(
        inputs, {"blessing": [blessing]}, {"gates": dump_gates(gates), "code_version": "1"}
    )
    return blessing


def test_a_passed_candidate_is_blessed_as_tfx_does(measured: Measured, tmp_path: Path) -> None:
    """TFX's own reader and file name say blessed, and the properties name both models."""
    blessing = validate(
        tmp_path, measured.compared, measured.candidate, measured.baseline, EASY, BY_CITY
    )

    assert is_model_blessed(blessing)
    assert Path(blessing.uri, BLESSED_FILE_NAME).read_bytes() == b""
    assert not Path(blessing.uri, NOT_BLESSED_FILE_NAME).exists()
    assert blessing.get_int_custom_property("current_model_id") == measured.candidate.id
    assert blessing.get_string_custom_property("current_model") == measured.candidate.uri
    assert blessing.get_int_custom_property("baseline_model_id") == measured.baseline.id
    assert blessing.get_string_custom_property("baseline_model") == measured.baseline.uri


def test_a_failed_candidate_is_not_blessed(measured: Measured, tmp_path: Path) -> None:
    """One failed gate is enough, and the answer names it."""
    blessing = validate(
        tmp_path, measured.compared, measured.candidate, measured.baseline, EASY, IMPOSSIBLE
    )

    assert not is_model_blessed(blessing)
    assert Path(blessing.uri, NOT_BLESSED_FILE_NAME).exists()
    validation = read_validation(Path(blessing.uri))
    assert not validation.blessed
    assert [gate.name for gate in validation.refusing_gates] == ["impossible"]


def test_the_answer_gives_every_gate_and_metric(measured: Measured, tmp_path: Path) -> None:
    """``validation.json`` has a line a gate and slice, and each metric beside the champion's."""
    blessing = validate(
        tmp_path, measured.compared, measured.candidate, measured.baseline, EASY, BY_CITY, CHANGE
    )

    validation = read_validation(Path(blessing.uri))

    assert [(gate.name, gate.slice, gate.outcome) for gate in validation.gates] == [
        ("easy", "overall", Outcome.PASSED),
        ("by_city", "city=Oslo", Outcome.PASSED),
        ("by_city", "city=Rome", Outcome.UNDEFINED),
        ("change", "overall", Outcome.PASSED),
    ]
    change = validation.gates[-1]
    assert change.value is not None
    assert change.baseline is not None
    assert change.value < change.baseline
    assert validation.examples == len(MEASURED)
    assert {metric.name for metric in validation.metrics} == set(SCORE_METRICS)
    assert [metric.name for metric in validation.metrics if metric.baseline is None] == [
        "precision"
    ], "the champion says no to every row"
    assert validation.baseline is not None
    assert validation.baseline.id == measured.baseline.id


def test_a_first_model_is_judged_on_absolute_gates_only(measured: Measured, tmp_path: Path) -> None:
    """Without a champion a change does not apply, and the answer says what was compared."""
    blessing = validate(tmp_path, measured.alone, measured.candidate, None, EASY, CHANGE)

    validation = read_validation(Path(blessing.uri))
    assert validation.blessed
    assert validation.baseline is None
    assert "absolute gates only" in validation.summary
    assert validation.gates[-1].outcome is Outcome.NO_BASELINE
    assert not blessing.has_custom_property("baseline_model_id")


def test_tfx_finds_the_blessed_model(measured: Measured, tmp_path: Path) -> None:
    """The resolver takes the blessed model, and passes over a refused newer one."""
    refused = Model()
    refused.uri, refused.id = measured.candidate.uri, 3
    good = validate(tmp_path / "good", measured.alone, measured.candidate, None, EASY)
    bad = validate(tmp_path / "bad", measured.alone, refused, None, EASY, IMPOSSIBLE)

    resolved = LatestBlessedModelStrategy().resolve_artifacts(
        None, {"model": [measured.candidate, refused], "model_blessing": [good, bad]}
    )

    assert resolved == {"model": [measured.candidate], "model_blessing": [good]}


@pytest.mark.parametrize("has_champion", [True, False])
def test_evaluation_and_champion_must_match(
    measured: Measured, tmp_path: Path, has_champion: bool
) -> None:
    """A champion that was not evaluated, or one evaluated but not named, is an error."""
    evaluation = measured.alone if has_champion else measured.compared
    baseline = measured.baseline if has_champion else None

    with pytest.raises(ValueError, match="same baseline_model"):
        validate(tmp_path, evaluation, measured.candidate, baseline, EASY)
