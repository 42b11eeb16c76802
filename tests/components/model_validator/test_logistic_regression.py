"""The logistic regression, against scikit-learn's."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.linear_model import LogisticRegression

from components.model_validator.logistic_regression import (
    MOST_CATEGORIES,
    Columns,
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


def lay_out(columns: Columns) -> npt.NDArray[np.float64]:
    """Lay every column out, the one-hot ones too; shape [rows, columns]."""
    blocks = [
        (places[:, np.newaxis] == np.arange(width)).astype(np.float64)
        for places, width in zip(columns.places, columns.widths, strict=True)
    ]
    return np.concatenate([columns.numbers, *blocks], axis=1)


def test_it_fits_as_scikit_learn_does() -> None:
    """Probabilities agree with ``LogisticRegression(C=1)`` on the same columns."""
    columns = learn_encoding(FEATURES).encode(FEATURES, ROWS)
    laid_out = lay_out(columns)[:, 1:]
    reference = LogisticRegression(tol=1e-10, max_iter=10_000).fit(laid_out, LABELS)

    probabilities = predict(columns, fit_coefficients(columns, LABELS))

    expected = reference.predict_proba(laid_out)[:, 1]
    assert probabilities == pytest.approx(expected, abs=1e-4)


def test_sums_are_those_of_the_columns_laid_out() -> None:
    """Products and sums by counting are those of matrices, rows without a category included."""
    encoding = learn_encoding(FEATURES)
    other = {**FEATURES, "city": np.where(np.arange(ROWS) % 3, FEATURES["city"], 99)}
    columns = encoding.encode(other, ROWS)
    laid_out = lay_out(columns)
    weights, coefficients = _RANDOM.random(ROWS), _RANDOM.normal(size=columns.count)

    assert columns.multiply(coefficients) == pytest.approx(laid_out @ coefficients)
    assert columns.sum_rows(weights) == pytest.approx(weights @ laid_out)
    expected = (laid_out * weights[:, np.newaxis]).T @ laid_out
    assert columns.sum_products(weights).ravel() == pytest.approx(expected.ravel())


@pytest.mark.parametrize("scale", [1.0, 1e6])
def test_separable_rows_end_in_finite_coefficients(scale: float) -> None:
    """Where one feature tells the label, the penalty keeps the fit finite and right."""
    amounts = np.linspace(-scale, scale, 200)
    labels = (amounts > 0).astype(np.float64)
    columns = Columns(np.stack([np.ones(200), amounts], axis=1))

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

    assert lay_out(encoding.encode(row, 1))[0, 3:].tolist() == [0.0] * 8


def test_rare_categories_share_no_column() -> None:
    """Of very many categories only the most frequent get a column."""
    many = {"city": np.concatenate([np.arange(500), np.arange(50)])}

    categories = learn_encoding(many).categories["city"]

    assert len(categories) == MOST_CATEGORIES
    assert set(range(50)) <= set(categories.tolist())


def test_without_features_it_is_the_base_rate() -> None:
    """With the column of ones alone, it says the share of label 1."""
    columns = learn_encoding({}).encode({}, ROWS)

    probabilities = predict(columns, fit_coefficients(columns, LABELS))

    assert probabilities == pytest.approx(np.full(ROWS, LABELS.mean()), abs=1e-6)
