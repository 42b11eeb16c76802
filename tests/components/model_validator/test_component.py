"""The component ModelValidator, on real artifacts."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from tfx.components.evaluator.constants import BLESSED_FILE_NAME, NOT_BLESSED_FILE_NAME
from tfx.components.util.model_utils import is_model_blessed
from tfx.dsl.input_resolution.strategies.latest_blessed_model_strategy import (
    LatestBlessedModelStrategy,
)
from tfx.types.standard_artifacts import Model, ModelBlessing, ModelEvaluation

from components.evaluator.champion_check import INCOMPATIBLE_FILE
from components.metrics.metric_names import SCORE_METRICS
from components.model_validator.component import ModelValidator
from components.model_validator.gate_result import Outcome
from components.model_validator.gates import (
    ChangeGate,
    FairnessGate,
    Gate,
    ServingGate,
    TrivialGate,
    ValueGate,
    dump_gates,
)
from components.model_validator.settings import ModelValidatorSettings, describe_rows
from components.model_validator.validation import FILE_NAME, Validation
from components.record_file import read_record
from tests.components.replayed_models import Measured
from tests.tiny_evaluation import MEASURED, SLICED_TABLE

EASY = ValueGate(kind="value", name="easy", metric="auc", min=0.0)
IMPOSSIBLE = ValueGate(kind="value", name="impossible", metric="log_loss", max=0.0)
BY_CITY = ValueGate(
    kind="value", name="by_city", metric="auc", min=0.0, slice_columns=("city",), min_examples=10
)
CHANGE = ChangeGate(kind="change", name="change", metric="log_loss", max_rise=0.5)
FAIR = FairnessGate(
    kind="fairness",
    name="fair",
    attribute="coast",
    metric="false_positive_rate",
    max_gap=1.0,
    min_examples=5,
)
SAME = ServingGate(kind="serving", name="same", metric="prediction_difference", max=1e-5)
SIZE = ServingGate(kind="serving", name="size", metric="size_mb", max=10.0, max_ratio=2.0)
USEFUL = TrivialGate(kind="beats_trivial", name="useful")


def validate(
    directory: Path,
    measured: Measured,
    evaluation: ModelEvaluation,
    candidate: Model,
    baseline: Model | None,
    *gates: Gate,
) -> ModelBlessing:
    """Run the component's executor."""
    blessing = ModelBlessing()
    blessing.uri = str(directory / "blessing")
    inputs: dict[str, Any] = {
        "evaluation": [evaluation],
        "examples": [measured.examples],
        "training_examples": [measured.examples],
        "model": [candidate],
    }
    if baseline:
        inputs["baseline_model"] = [baseline]
    ModelValidator.EXECUTOR_SPEC.executor_class().Do(
        inputs,
        {"blessing": [blessing]},
        {
            "gates": dump_gates(gates),
            "rows": describe_rows(SLICED_TABLE, "test", 0.5).model_dump_json(),
            "settings": ModelValidatorSettings(latency_rows=20).model_dump_json(),
        },
    )
    return blessing


def test_a_passed_candidate_is_blessed_as_tfx_does(measured: Measured, tmp_path: Path) -> None:
    """TFX's own reader and file name say blessed, and the properties name both models."""
    blessing = validate(
        tmp_path, measured, measured.compared, measured.candidate, measured.baseline, EASY, BY_CITY
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
        tmp_path,
        measured,
        measured.compared,
        measured.candidate,
        measured.baseline,
        EASY,
        IMPOSSIBLE,
    )

    assert not is_model_blessed(blessing)
    assert Path(blessing.uri, NOT_BLESSED_FILE_NAME).exists()
    validation = read_record(Validation, Path(blessing.uri, FILE_NAME))
    assert not validation.blessed
    assert [gate.name for gate in validation.refusing_gates] == ["impossible"]


@pytest.fixture(scope="module")
def full(measured: Measured, tmp_path_factory: pytest.TempPathFactory) -> Validation:
    """The answer to gates of every kind."""
    blessing = validate(
        tmp_path_factory.mktemp("full"),
        measured,
        measured.compared,
        measured.candidate,
        measured.baseline,
        *(EASY, BY_CITY, CHANGE, FAIR, SAME, SIZE, USEFUL),
    )
    return read_record(Validation, Path(blessing.uri, FILE_NAME))


def test_the_answer_gives_every_gate(full: Validation) -> None:
    """``validation.json`` has one line per gate, slice, limit and trivial model."""
    assert [(gate.name, gate.slice, gate.rule, gate.outcome) for gate in full.gates] == [
        ("easy", "overall", "min", Outcome.PASSED),
        ("by_city", "city=Oslo", "min", Outcome.PASSED),
        ("by_city", "city=Rome", "min", Outcome.UNDEFINED),
        ("change", "overall", "max_rise", Outcome.PASSED),
        ("fair", "coast", "max_gap", Outcome.PASSED),
        ("same", "overall", "max", Outcome.PASSED),
        ("size", "overall", "max", Outcome.PASSED),
        ("size", "overall", "max_ratio", Outcome.PASSED),
        ("useful", "overall", "min_gain", Outcome.FAILED),
        ("useful", "overall", "min_gain", Outcome.FAILED),
    ], "the candidate knows less than the base rate"


def test_the_answer_gives_every_metric(full: Validation, measured: Measured) -> None:
    """Each metric stands beside the champion's, and a change has its interval."""
    change = next(gate for gate in full.gates if gate.name == "change")
    assert change.value is not None
    assert change.baseline is not None
    assert change.lower is not None
    assert change.upper is not None
    assert change.lower < change.value - change.baseline < change.upper
    assert full.examples == len(MEASURED)
    assert {metric.name for metric in full.metrics} == set(SCORE_METRICS)
    assert [metric.name for metric in full.metrics if metric.baseline is None] == ["precision"], (
        "the champion says no to every row"
    )
    assert full.baseline is not None
    assert full.baseline.id == measured.baseline.id


def test_the_answer_gives_what_was_found_out(full: Validation) -> None:
    """Both replays, the trivial models and the method of the intervals are kept."""
    assert full.candidate_replay is not None
    assert full.champion_replay is not None
    assert full.candidate_replay.rows == full.champion_replay.rows == len(MEASURED)
    assert [model.name for model in full.trivial_models] == ["base_rate", "logistic_regression"]
    assert "jackknife" in full.interval_method
    assert "95%" in full.interval_method


def test_an_incompatible_champion_is_reported(measured: Measured, tmp_path: Path) -> None:
    """Where the Evaluator left the champion out, absolute gates decide, and the answer says why."""
    evaluation = ModelEvaluation()
    evaluation.uri = str(tmp_path / "evaluation")
    shutil.copytree(measured.alone.uri, evaluation.uri)
    Path(evaluation.uri, INCOMPATIBLE_FILE).write_text("no such column\n")

    blessing = validate(
        tmp_path, measured, evaluation, measured.candidate, measured.baseline, EASY, CHANGE
    )

    validation = read_record(Validation, Path(blessing.uri, FILE_NAME))
    assert validation.blessed
    assert validation.incompatible_champion == validation.champion_misfit == "no such column"
    assert "can't be compared (no such column): absolute gates only" in validation.summary
    assert validation.comparison in validation.summary
    assert validation.gates[-1].outcome is Outcome.NO_BASELINE
    assert not blessing.has_custom_property("baseline_model_id")


def test_a_first_model_is_judged_on_absolute_gates_only(measured: Measured, tmp_path: Path) -> None:
    """Without a champion a change does not apply, and the answer says what was compared."""
    blessing = validate(tmp_path, measured, measured.alone, measured.candidate, None, EASY, CHANGE)

    validation = read_record(Validation, Path(blessing.uri, FILE_NAME))
    assert validation.blessed
    assert validation.baseline is None
    assert "absolute gates only" in validation.summary
    assert validation.gates[-1].outcome is Outcome.NO_BASELINE
    assert not blessing.has_custom_property("baseline_model_id")


def test_tfx_finds_the_blessed_model(measured: Measured, tmp_path: Path) -> None:
    """The resolver takes the blessed model, and passes over a refused newer one."""
    refused = Model()
    refused.uri, refused.id = measured.candidate.uri, 3
    good = validate(tmp_path / "good", measured, measured.alone, measured.candidate, None, EASY)
    bad = validate(tmp_path / "bad", measured, measured.alone, refused, None, EASY, IMPOSSIBLE)

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
        validate(tmp_path, measured, evaluation, measured.candidate, baseline, EASY)
