"""Reading what TFX's Evaluator wrote."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from components.evaluator.metric_names import SCORE_METRICS
from components.model_validator.evaluation import count_evaluated_rows, load_evaluation
from components.model_validator.metrics import MetricValue
from tests.components.model_validator.conftest import Measured
from tests.tiny_evaluation import MEASURED


def test_both_models_are_read(measured: Measured) -> None:
    """Candidate and champion have the same slices of the same rows, and their own metrics."""
    evaluation = load_evaluation(Path(measured.compared.uri))

    assert evaluation.baseline is not None
    candidate, baseline = evaluation.candidate, evaluation.baseline
    assert [part.name for part in candidate] == [part.name for part in baseline]
    assert [part.examples for part in candidate] == [part.examples for part in baseline]
    assert candidate[0].metrics["log_loss"] != baseline[0].metrics["log_loss"]


def test_a_lone_candidate_is_read(measured: Measured) -> None:
    """Without a champion TFX drops the candidate's name; its metrics are the same numbers."""
    alone = load_evaluation(Path(measured.alone.uri))
    compared = load_evaluation(Path(measured.compared.uri))

    assert alone.baseline is None
    for metric in SCORE_METRICS:
        lone, together = alone.overall.find_value(metric), compared.overall.find_value(metric)
        assert lone == pytest.approx(together), metric


def test_slices_stand_in_order_of_their_values(measured: Measured) -> None:
    """The overall slice comes first, then each column's by value."""
    evaluation = load_evaluation(Path(measured.alone.uri))

    names = [part.name for part in evaluation.candidate]
    assert names == ["overall", "city=Oslo", "city=Rome", "hour=0", "hour=1", "hour=2"]


def test_intervals_are_read_where_there_are_some(measured: Measured) -> None:
    """An interval encloses its value; what has none, or NaN for an end, has None at both."""
    with_intervals = load_evaluation(Path(measured.compared.uri)).overall.metrics["log_loss"]
    without = load_evaluation(Path(measured.alone.uri)).overall.metrics["log_loss"]

    assert with_intervals.lower is not None
    assert with_intervals.upper is not None
    assert with_intervals.lower < with_intervals.value < with_intervals.upper
    assert without == MetricValue(without.value, None, None)


def test_what_is_not_a_number_stays_so(measured: Measured) -> None:
    """Rome's AUC is NaN, without an interval; asked for as a value it is None."""
    (rome,) = (
        part
        for part in load_evaluation(Path(measured.compared.uri)).candidate
        if part.name == "city=Rome"
    )

    assert math.isnan(rome.metrics["auc"].value)
    assert rome.metrics["auc"].lower is None
    assert rome.find_value("auc") is None
    assert rome.is_undefined("auc")
    assert not rome.is_undefined("log_loss")


def test_rows_are_counted(measured: Measured) -> None:
    """The count is of all rows, however many slices they fall in."""
    assert count_evaluated_rows(Path(measured.compared.uri)) == len(MEASURED)


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    """A folder without metrics is refused by name."""
    with pytest.raises(ValueError, match=str(tmp_path)):
        load_evaluation(tmp_path)
