"""Reading what TFX's Evaluator wrote."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import tensorflow_model_analysis as tfma

from components.evaluator.evaluation import count_evaluated_rows, load_evaluation
from components.evaluator.settings import EvaluatorSettings
from components.metrics.digest import find_digest
from components.metrics.metric_names import SCORE_METRICS
from components.metrics.slice_metrics import MetricValue
from tests.components.replayed_models import Measured
from tests.tiny_evaluation import MEASURED, evaluate


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

    assert [part.name for part in evaluation.candidate] == [
        "overall",
        *("city=Oslo", "city=Rome"),
        *("coast=north", "coast=south"),
        *("hour=0", "hour=1", "hour=2"),
    ]


def test_without_intervals_there_are_none(measured: Measured) -> None:
    """A value that was measured without an interval has None at both ends."""
    metric = load_evaluation(Path(measured.compared.uri)).overall.metrics["log_loss"]

    assert metric == MetricValue(metric.value, None, None)


@pytest.mark.slow
def test_intervals_are_read_where_there_are_some(measured: Measured, tmp_path: Path) -> None:
    """An interval encloses its value; one without a number at its ends is none."""
    settings = EvaluatorSettings(confidence_intervals="jackknife")
    written = evaluate(tmp_path, measured.candidate, measured.baseline, settings)

    evaluation = load_evaluation(Path(written.uri))

    log_loss = evaluation.overall.metrics["log_loss"]
    assert log_loss.lower is not None
    assert log_loss.upper is not None
    assert log_loss.lower < log_loss.value < log_loss.upper
    (rome,) = (part for part in evaluation.candidate if part.name == "city=Rome")
    assert rome.metrics["auc"].lower is None


def test_what_is_not_a_number_stays_so(measured: Measured) -> None:
    """Rome's AUC is NaN; asked for as a value it is None, and its labels are the reason."""
    (rome,) = (
        part
        for part in load_evaluation(Path(measured.compared.uri)).candidate
        if part.name == "city=Rome"
    )

    assert math.isnan(rome.metrics["auc"].value)
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


def test_the_digest_has_the_metrics_of_both_models(measured: Measured) -> None:
    """What the Evaluator leaves for readers without TFMA is what TFMA reads."""
    digest = find_digest(Path(measured.compared.uri))
    evaluation = load_evaluation(Path(measured.compared.uri))

    assert digest is not None
    assert digest.champion is not None
    assert evaluation.baseline is not None
    for ours, theirs in (
        (digest.candidate.slices, evaluation.candidate),
        (digest.champion.slices, evaluation.baseline),
    ):
        assert [part.examples for part in ours] == [part.examples for part in theirs]
        for mine, its in zip(ours, theirs, strict=True):
            assert {name: metric.value for name, metric in mine.metrics.items()} == {
                name: None if math.isnan(metric.value) else metric.value
                for name, metric in its.metrics.items()
            }


def test_the_digest_has_the_curves_that_tfma_reads(measured: Measured) -> None:
    """Both models' confusion matrices and calibration are those of plain TFMA's plots."""
    digest = find_digest(Path(measured.compared.uri))
    result = tfma.load_eval_result(measured.compared.uri, model_name=tfma.CANDIDATE_KEY)
    [plots] = [plots for key, plots in result.plots if key == ()]

    assert digest is not None
    assert digest.champion is not None
    for model in (digest.candidate, digest.champion):
        assert {counts.rows for counts in model.thresholds} == {len(MEASURED)}
        assert sum(one.rows for one in model.calibration) == len(MEASURED)
    matrices = plots[""][""]["confusionMatrixAtThresholds"]["matrices"]
    assert [matrix.get("truePositives", 0) for matrix in matrices] == [
        counts.true_positives for counts in digest.candidate.thresholds
    ]


def test_a_lone_candidate_has_a_digest(measured: Measured) -> None:
    """Without a champion the digest has none, and the candidate's curves all the same."""
    digest = find_digest(Path(measured.alone.uri))

    assert digest is not None
    assert digest.champion is None
    assert digest.candidate.thresholds


def test_an_evaluation_without_a_digest_has_none(tmp_path: Path) -> None:
    """TFX's own Evaluator writes no digest, and that is no error."""
    assert find_digest(tmp_path) is None
