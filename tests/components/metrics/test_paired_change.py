"""Intervals of changes, against formulas, other people's code and simulation."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

from components.metrics.binary_metrics import Array, compute_row_losses, summarize_rows
from components.metrics.evaluation import Change
from components.metrics.metric_names import ScoreMetric
from components.metrics.paired_change import PairedScores, estimate_change
from components.model_validator.gate_result import Outcome, decide_by_interval

LIMITS_IN_TRUE_RISES = (0.0, 1.0, 3.0)
"""Limits of the simulated gate, in multiples of how much worse the candidate truly is."""


def draw_rows(random: np.random.Generator, rows: int) -> PairedScores:
    """Draw rows of a task on which the candidate is somewhat worse than the champion."""
    signal = random.normal(-1.5, 1.5, rows)
    labels = (random.random(rows) < 1 / (1 + np.exp(-signal))).astype(np.float64)
    noisy = [signal + random.normal(0, noise, rows) for noise in (0.6, 0.3)]
    candidate, champion = (1 / (1 + np.exp(-scores)) for scores in noisy)
    return PairedScores(labels, candidate, champion)


def estimate(scores: PairedScores, metric: ScoreMetric, confidence: float = 0.95) -> Change | None:
    """Estimate one metric's change."""
    return estimate_change(scores, metric, confidence, 0.5)


SCORES = draw_rows(np.random.default_rng(5), 150)


@pytest.mark.parametrize(("rows", "quantile"), [(10, 2.26216), (100, 1.98422), (150, 1.97601)])
def test_of_a_mean_it_is_students_interval(rows: int, quantile: float) -> None:
    """Log loss is a mean of row losses: the interval is that of the rows' paired differences."""
    scores = SCORES.select(np.arange(rows))
    losses = [compute_row_losses(scores.labels, each) for each in (scores.candidate, scores.other)]
    differences = losses[0] - losses[1]
    margin = quantile * differences.std(ddof=1) / math.sqrt(rows)

    change = estimate(scores, "log_loss")

    assert change is not None
    assert change.value == pytest.approx(differences.mean())
    assert change.upper - change.value == pytest.approx(margin, rel=1e-4)
    assert change.value - change.lower == pytest.approx(margin, rel=1e-4)


def compute_delong_variance(scores: PairedScores) -> float:
    """Compute the variance of a difference of AUCs as DeLong et al. do (Biometrics 44, 1988)."""
    is_positive = scores.labels == 1
    parts: list[Array] = []
    for values in (scores.candidate, scores.other):
        wins = values[is_positive][:, np.newaxis] > values[~is_positive]
        parts += [wins.mean(axis=1), wins.mean(axis=0)]
    by_positive, by_negative = parts[0] - parts[2], parts[1] - parts[3]
    return float(
        by_positive.var(ddof=1) / by_positive.size + by_negative.var(ddof=1) / by_negative.size
    )


def test_of_the_auc_it_is_delongs_interval() -> None:
    """The jackknife's standard error of a change of AUC is DeLong's, within terms of 1/rows."""
    scores = draw_rows(np.random.default_rng(6), 1000)
    margin = 1.972 * math.sqrt(compute_delong_variance(scores))

    change = estimate(scores, "auc")

    assert change is not None
    assert change.upper - change.value == pytest.approx(margin, rel=0.1)


def test_models_that_never_differ_have_no_width() -> None:
    """The same scores twice give a change of exactly zero."""
    same = PairedScores(SCORES.labels, SCORES.candidate, SCORES.candidate)

    assert estimate(same, "auc") == Change(value=0.0, lower=0.0, upper=0.0)


def test_more_confidence_is_a_wider_interval() -> None:
    """The interval at 99 % encloses that at 90 %."""
    wide, narrow = estimate(SCORES, "auc", 0.99), estimate(SCORES, "auc", 0.9)

    assert wide is not None
    assert narrow is not None
    assert wide.lower < narrow.lower < narrow.value < narrow.upper < wide.upper


@pytest.mark.parametrize("positives", [0, 1])
def test_what_hangs_on_one_row_has_no_interval(positives: int) -> None:
    """Without a row of label 1, or with a single one to leave out, no change of AUC is judged."""
    labels = np.zeros(50)
    labels[:positives] = 1

    assert estimate(PairedScores(labels, SCORES.candidate[:50], SCORES.other[:50]), "auc") is None


def test_rows_must_be_paired() -> None:
    """Scores of other rows, or of none, are an error that gives the shapes."""
    with pytest.raises(ValueError, match=r"\(2,\), \(3,\)"):
        PairedScores(np.zeros(3), np.zeros(3), np.zeros(2))
    with pytest.raises(ValueError, match=r"a row at least"):
        PairedScores(np.zeros(0), np.zeros(0), np.zeros(0))


def test_what_few_rows_bias_has_no_interval() -> None:
    """The calibration error is refused, and the error says why."""
    with pytest.raises(ValueError, match="biased where rows are few"):
        estimate(SCORES, "expected_calibration_error")


@pytest.mark.parametrize(
    ("metric", "rows"),
    [("log_loss", 400), ("auc", 400), pytest.param("auc", 2000, marks=pytest.mark.slow)],
)
def test_gates_err_as_often_as_configured(metric: ScoreMetric, rows: int) -> None:
    """Simulated: where the true change is the limit, each wrong answer comes in about 2.5 %."""
    truth = find_true_harm(metric)
    random = np.random.default_rng(11)
    changes = [estimate(draw_rows(random, rows), metric) for _ in range(1000)]

    table = {
        multiple: tally_outcomes(changes, truth * multiple, falls=metric == "auc")
        for multiple in LIMITS_IN_TRUE_RISES
    }

    for multiple, shares in table.items():
        answers = ", ".join(f"{outcome.value} {share:.1%}" for outcome, share in shares.items())
        print(f"{metric}, {rows} rows, limit {multiple:g} x true change: {answers}")
    assert table[0.0][Outcome.PASSED] <= 0.025, "a worse model passes a gate that allows nothing"
    assert table[1.0][Outcome.FAILED] <= 0.04, "refused without reason, at the edge"
    assert table[1.0][Outcome.PASSED] <= 0.04, "passed without reason, at the edge"
    assert table[3.0][Outcome.FAILED] <= 0.005, "refused without reason, well within the limit"


def find_true_harm(metric: ScoreMetric) -> float:
    """Find how much worse the candidate is, on rows so many that chance plays no part."""
    many = draw_rows(np.random.default_rng(1), 1_000_000)
    candidate, champion = (
        summarize_rows(many.labels, scores).compute_metrics([metric])[metric]
        for scores in (many.candidate, many.other)
    )
    return float(abs(candidate - champion))


def tally_outcomes(
    changes: list[Change | None], limit: float, *, falls: bool
) -> dict[Outcome, float]:
    """Judge every change by a limit and give the share of each outcome."""
    outcomes: Counter[Outcome] = Counter()
    for change in changes:
        assert change is not None
        ends = (-change.upper, -change.lower) if falls else (change.lower, change.upper)
        outcomes[decide_by_interval(ends[0] - limit, ends[1] - limit)] += 1
    kinds = (Outcome.PASSED, Outcome.INCONCLUSIVE, Outcome.FAILED)
    return {outcome: outcomes[outcome] / len(changes) for outcome in kinds}
