"""The gates as they stand in the YAML."""

from __future__ import annotations

from typing import Any

import pydantic
import pytest

from components.model_validator.gates import ChangeGate, Gates, ValueGate, dump_gates, load_gates

FLOOR = {"kind": "value", "name": "auc_floor", "metric": "auc", "min": 0.9}
CHANGE = {
    "kind": "change",
    "name": "loss_by_payment",
    "metric": "log_loss",
    "max_rise": 0.01,
    "slice_columns": ["payment_type"],
    "min_examples": 200,
}
LOAD = {"kind": "serving", "name": "load", "metric": "load_seconds", "max": 5, "max_ratio": 2}
SAME = {"kind": "serving", "name": "same", "metric": "prediction_difference", "max": 1e-5}
FAIR = {
    "kind": "fairness",
    "name": "fair",
    "attribute": "pickup_side",
    "metric": "precision",
    "max_gap": 0.1,
}
USEFUL = {"kind": "beats_trivial", "name": "useful", "min_gain": 0.01, "inconclusive": "pass"}
ADAPTER: pydantic.TypeAdapter[Any] = pydantic.TypeAdapter(Gates)


def test_gates_are_read_as_yaml_gives_them() -> None:
    """Lists and whole numbers, as a YAML parser gives them, are taken."""
    floor, change = ADAPTER.validate_python([{**FLOOR, "min": 0}, CHANGE])

    assert isinstance(floor, ValueGate)
    assert floor.limits == (("min", 0.0),)
    assert isinstance(change, ChangeGate)
    assert change.slice_columns == ("payment_type",)
    assert change.min_examples == 200


def test_gates_survive_the_way_through_json() -> None:
    """What the component reads is what the configuration held."""
    gates = ADAPTER.validate_python([FLOOR, CHANGE, LOAD, SAME, FAIR, USEFUL])

    assert load_gates(dump_gates(gates)) == gates


@pytest.mark.parametrize(
    ("gates", "expected"),
    [
        ([], "at least 1 item"),
        ([{**FLOOR, "minimum": 0.9}], "Extra inputs"),
        ([{**FLOOR, "metric": "accuracy"}], "'auc', 'auc_precision_recall'"),
        ([{**FLOOR, "min": "0.9"}], "valid number"),
        ([{**FLOOR, "min": float("nan")}], "finite number"),
        ([{**FLOOR, "min": None}], "min, max or both"),
        ([{**FLOOR, "max": 0.5}], "min <= max"),
        ([{**FLOOR, "kind": "floor"}], "'value', 'change'"),
        ([{**FLOOR, "name": "AUC floor"}], "match pattern"),
        ([FLOOR, {**CHANGE, "max_rise": -0.01}], "greater than or equal to 0"),
        ([FLOOR, {**CHANGE, "max_rise": None}], "max_drop, max_rise or both"),
        ([FLOOR, {**CHANGE, "min_examples": 0}], "greater than 0"),
        ([FLOOR, {**CHANGE, "inconclusive": "maybe"}], "'pass' or 'refuse'"),
        ([FLOOR, {**CHANGE, "metric": "expected_calibration_error"}], "gate of kind 'value'"),
        ([FLOOR, {**LOAD, "max": None, "max_ratio": None}], "max, max_ratio or both"),
        ([FLOOR, {**LOAD, "max_ratio": 0}], "greater than 0"),
        ([FLOOR, {**SAME, "max_ratio": 2}], "max alone for prediction_difference"),
        ([FLOOR, {**FAIR, "metric": "auc"}], "'false_positive_rate', 'false_negative_rate'"),
        ([FLOOR, {**FAIR, "max_gap": -1}], "greater than or equal to 0"),
        ([FLOOR, FLOOR], "duplicate gate name: auc_floor"),
        ([CHANGE], "pushed unjudged"),
        ([LOAD, FAIR, USEFUL], "pushed unjudged"),
        ([{**FLOOR, "slice_columns": ["company"]}], "pushed unjudged"),
    ],
)
def test_gates_that_do_not_fit_are_errors(gates: list[Any], expected: str) -> None:
    """Each wrong gate is refused when the configuration is read, with what was expected."""
    with pytest.raises(pydantic.ValidationError, match=expected):
        ADAPTER.validate_python(gates)
