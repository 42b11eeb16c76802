"""What the Evaluator leaves for readers without TFMA, beside what TFMA reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tensorflow_model_analysis as tfma

from components.evaluator.settings import EvaluatorSettings
from components.metrics.evaluation import Metric, find_evaluation, read_evaluation
from components.metrics.metric_names import SCORE_METRICS
from tests.components.replayed_models import Measured
from tests.tiny_evaluation import MEASURED, evaluate


def test_both_models_are_read(measured: Measured) -> None:
    """Candidate and champion have the same slices of the same rows, and their own metrics."""
    evaluation = read_evaluation(Path(measured.compared.uri))

    assert evaluation.champion is not None
    candidate, baseline = evaluation.candidate.slices, evaluation.champion.slices
    assert [part.name for part in candidate] == [part.name for part in baseline]
    assert [part.examples for part in candidate] == [part.examples for part in baseline]
    assert candidate[0].metrics["log_loss"] != baseline[0].metrics["log_loss"]


def test_a_lone_candidate_is_read(measured: Measured) -> None:
    """Without a champion TFX drops the candidate's name; its metrics are the same numbers."""
    alone = read_evaluation(Path(measured.alone.uri))
    compared = read_evaluation(Path(measured.compared.uri))

    assert alone.champion is None
    for metric in SCORE_METRICS:
        lone, together = alone.overall.find_value(metric), compared.overall.find_value(metric)
        assert lone == pytest.approx(together), metric


def test_slices_stand_in_order_of_their_values(measured: Measured) -> None:
    """The overall slice comes first, then each column's by value."""
    evaluation = read_evaluation(Path(measured.alone.uri))

    assert [part.name for part in evaluation.candidate.slices] == [
        "overall",
        *("city=Oslo", "city=Rome"),
        *("coast=north", "coast=south"),
        *("hour=0", "hour=1", "hour=2"),
    ]


def test_without_intervals_there_are_none(measured: Measured) -> None:
    """A value that was measured without an interval has None at both ends."""
    metric = read_evaluation(Path(measured.compared.uri)).overall.metrics["log_loss"]

    assert metric == Metric(value=metric.value, lower=None, upper=None)


@pytest.mark.slow
def test_intervals_are_read_where_there_are_some(measured: Measured, tmp_path: Path) -> None:
    """An interval encloses its value; one without a number at its ends is none."""
    settings = EvaluatorSettings(confidence_intervals="jackknife")
    written = evaluate(tmp_path, measured.candidate, measured.baseline, settings)

    evaluation = read_evaluation(Path(written.uri))

    log_loss = evaluation.overall.metrics["log_loss"]
    assert log_loss.value is not None
    assert log_loss.lower is not None
    assert log_loss.upper is not None
    assert log_loss.lower < log_loss.value < log_loss.upper
    (rome,) = (part for part in evaluation.candidate.slices if part.name == "city=Rome")
    assert rome.metrics["auc"].lower is None


def test_what_is_not_a_number_stays_so(measured: Measured) -> None:
    """Rome has no AUC; as a value it is None, and its labels are the reason."""
    (rome,) = (
        part
        for part in read_evaluation(Path(measured.compared.uri)).candidate.slices
        if part.name == "city=Rome"
    )

    assert rome.metrics["auc"].value is None
    assert rome.find_value("auc") is None
    assert rome.is_undefined("auc")
    assert not rome.is_undefined("log_loss")


def test_rows_are_counted(measured: Measured) -> None:
    """The count is of all rows, however many slices they fall in."""
    assert read_evaluation(Path(measured.compared.uri)).overall.examples == len(MEASURED)


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    """A folder without metrics is refused by name."""
    with pytest.raises(ValueError, match=str(tmp_path)):
        read_evaluation(tmp_path)


def test_the_digest_has_the_numbers_that_tfma_reads(measured: Measured, tmp_path: Path) -> None:
    """Every value and interval of both models on every slice is that of plain TFMA's metrics."""
    written = evaluate(tmp_path, measured.candidate, measured.baseline, EvaluatorSettings())
    evaluation = read_evaluation(Path(written.uri))

    assert evaluation.champion is not None
    ours = {
        (model, part.name, name): metric
        for model, measures in (
            (tfma.CANDIDATE_KEY, evaluation.candidate),
            (tfma.BASELINE_KEY, evaluation.champion),
        )
        for part in measures.slices
        for name, metric in part.metrics.items()
    }
    assert ours == read_metrics(written.uri)
    assert sum(metric.lower is not None for metric in ours.values()) > 100


def read_metrics(directory: str) -> dict[tuple[str, str, str], Metric]:
    """Read the metrics of single models by TFMA, by model, slice and name."""
    return {
        (entry.key.model_name, name_slice(record.slice_key), entry.key.name): Metric(
            value=entry.value.double_value.value,
            lower=entry.confidence_interval.lower_bound.double_value.value if is_sure else None,
            upper=entry.confidence_interval.upper_bound.double_value.value if is_sure else None,
        )
        for record in tfma.load_metrics(directory)
        for entry in record.metric_keys_and_values
        for is_sure in [entry.HasField("confidence_interval")]
        if entry.key.name in SCORE_METRICS and not entry.key.is_diff
    }


def name_slice(key: Any) -> str:
    """Name a slice as ours are named."""
    pairs = tfma.slicer.deserialize_slice_key(key)
    return ",".join(f"{column}={value}" for column, value in pairs) or "overall"


def test_the_digest_has_the_curves_that_tfma_reads(measured: Measured) -> None:
    """Both models' confusion matrices and calibration are those of plain TFMA's plots."""
    digest = find_evaluation(Path(measured.compared.uri))
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
    digest = find_evaluation(Path(measured.alone.uri))

    assert digest is not None
    assert digest.champion is None
    assert digest.candidate.thresholds


def test_an_evaluation_without_a_digest_has_none(tmp_path: Path) -> None:
    """TFX's own Evaluator writes no digest, and that is no error."""
    assert find_evaluation(tmp_path) is None
