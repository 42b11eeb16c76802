"""The logistic regression, against the optimum of its penalized likelihood."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy import optimize

from components.model_validator import logistic_regression
from components.model_validator.logistic_regression import (
    MAX_CATEGORIES,
    fit_coefficients,
    learn_encoding,
    predict,
)

_RANDOM = np.random.default_rng(2)
ROWS = 500
AMOUNTS = _RANDOM.normal(3, 2, ROWS).astype(np.float32)
FEATURES: dict[str, npt.NDArray[Any]] = {
    "amount": AMOUNTS,
    "always": np.full(ROWS, 7, np.float32),
    "city": _RANDOM.integers(0, 5, ROWS),
    "hour": _RANDOM.integers(0, 3, ROWS),
}
LABELS = (_RANDOM.random(ROWS) < 1 / (1 + np.exp(3 - AMOUNTS))).astype(np.float64)


def measure_penalized_loss(
    coefficients: npt.NDArray[np.float64], columns: npt.NDArray[np.float64]
) -> float:
    """Measure the negative log-likelihood and the ridge penalty, with the intercept first."""
    log_odds = coefficients[0] + columns @ coefficients[1:]
    likelihood = np.sum(np.logaddexp(0, log_odds) - LABELS * log_odds)
    return float(likelihood + np.sum(coefficients[1:] ** 2) / 2)


def test_it_is_the_optimum_of_the_penalized_likelihood() -> None:
    """Probabilities are those of the least penalized loss, as SciPy finds it."""
    columns = learn_encoding(FEATURES).encode(FEATURES, ROWS)
    laid_out = columns.toarray()
    best = optimize.minimize(
        measure_penalized_loss, np.zeros(1 + laid_out.shape[1]), laid_out, tol=1e-12
    )

    coefficients = fit_coefficients(columns, LABELS)

    expected = 1 / (1 + np.exp(-(best.x[0] + laid_out @ best.x[1:])))
    assert predict(columns, coefficients) == pytest.approx(expected, abs=1e-4)
    assert measure_penalized_loss(coefficients, laid_out) == pytest.approx(best.fun, rel=1e-6)


def test_columns_are_standardized_floats_and_one_hot_categories() -> None:
    """Each float has mean 0 and, where it varies, variance 1; each category has its own column."""
    laid_out = learn_encoding(FEATURES).encode(FEATURES, ROWS).toarray()

    assert laid_out[:, 0] == pytest.approx((AMOUNTS - AMOUNTS.mean()) / AMOUNTS.std(), abs=1e-4)
    assert laid_out[:, 1] == pytest.approx(np.zeros(ROWS))
    for first, name, count in ((2, "city", 5), (7, "hour", 3)):
        expected = FEATURES[name][:, np.newaxis] == np.arange(count)
        assert (laid_out[:, first : first + count] == expected).all()


@pytest.mark.parametrize(("max_steps", "is_told"), [(2, True), (100, False)])
def test_a_fit_without_convergence_is_told(
    max_steps: int,
    is_told: bool,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """One line says that the fit stopped early; a fit that converged says nothing."""
    monkeypatch.setattr(logistic_regression, "_MAX_STEPS", max_steps)
    columns = learn_encoding(FEATURES).encode(FEATURES, ROWS)

    fit_coefficients(columns, LABELS)

    assert ["has not converged" in message for message in caplog.messages] == [True] * is_told


def test_a_value_that_is_no_number_leaves_no_fit() -> None:
    """A NaN among the rows makes every answer NaN, so that nothing passes for a fitted model."""
    broken = {**FEATURES, "amount": np.append(AMOUNTS[1:], np.float32("nan"))}
    columns = learn_encoding(broken).encode(broken, ROWS)

    assert np.isnan(predict(columns, fit_coefficients(columns, LABELS))).all()


@pytest.mark.parametrize("scale", [1.0, 1e6])
def test_separable_rows_end_in_finite_coefficients(scale: float) -> None:
    """Where one feature tells the label, the penalty keeps the fit finite and right."""
    amounts = np.linspace(-scale, scale, 200)
    labels = (amounts > 0).astype(np.float64)
    columns = learn_encoding({"amount": amounts}).encode({"amount": amounts}, 200)

    coefficients = fit_coefficients(columns, labels)

    assert np.isfinite(coefficients).all()
    assert ((predict(columns, coefficients) > 0.5) == (labels == 1)).all()


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_one_label_only_is_learned(label: float) -> None:
    """Without a row of the other label every answer is near the one there is."""
    columns = learn_encoding(FEATURES).encode(FEATURES, ROWS)

    probabilities = predict(columns, fit_coefficients(columns, np.full(ROWS, label)))

    assert probabilities == pytest.approx(np.full(ROWS, label), abs=0.01)


def test_categories_unseen_in_training_are_no_error() -> None:
    """A new category has no column, so its row is answered from the other features."""
    encoding = learn_encoding(FEATURES)
    row = {
        "amount": np.array([3.0]),
        "always": np.array([7.0]),
        "city": np.array([99]),
        "hour": np.array([-1]),
    }

    assert encoding.encode(row, 1).toarray()[0, 2:].tolist() == [0.0] * 8


def test_rare_categories_share_no_column() -> None:
    """Of very many categories only the most frequent get a column."""
    many = {"city": np.concatenate([np.arange(500), np.arange(50)])}

    categories = learn_encoding(many).categories["city"]

    assert len(categories) == MAX_CATEGORIES
    assert set(range(50)) <= set(categories.tolist())


def test_without_features_it_is_the_base_rate() -> None:
    """With the column of ones alone, it says the share of label 1."""
    columns = learn_encoding({}).encode({}, ROWS)

    probabilities = predict(columns, fit_coefficients(columns, LABELS))

    assert probabilities == pytest.approx(np.full(ROWS, LABELS.mean()), abs=1e-6)
