"""A logistic regression on transformed features: the simple model that a network must beat.

Fitted by Newton's method on the ridge-penalized likelihood, which has one optimum (le Cessie and
van Houwelingen, Applied Statistics 41, 1992; Hastie, Tibshirani and Friedman, "The Elements of
Statistical Learning", section 4.4.1). The penalty is that of scikit-learn's default, ``C=1``.

This module is plain Python and NumPy.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Features = Mapping[str, npt.NDArray[Any]]
"""Transformed features by name, floats or indices, shape [rows]."""

MOST_CATEGORIES = 100
"""Categories of an index that get a column of their own: the most frequent ones."""

_PENALTY = 1.0
_MOST_STEPS = 30
_MOST_HALVINGS = 20
_TOLERANCE = 1e-8


@dataclasses.dataclass(frozen=True)
class Encoding:
    """How features become columns of numbers.

    Attributes:
        means: Mean of each float feature.
        scales: Its standard deviation; 1 where it never varies.
        categories: Categories of each index feature that have a column of their own.
    """

    means: Mapping[str, float]
    scales: Mapping[str, float]
    categories: Mapping[str, npt.NDArray[np.int64]]

    def encode(self, features: Features, rows: int) -> Array:
        """Encode rows: standardized floats, one-hot categories, and a column of ones, the last.

        Args:
            features: The features that the encoding was learned of, shape [rows] each.
            rows: Number of rows.

        Returns:
            Shape [rows, columns].
        """
        parts = [
            ((features[name] - mean) / self.scales[name])[:, np.newaxis]
            for name, mean in self.means.items()
        ]
        parts += [
            (features[name][:, np.newaxis] == categories).astype(np.float64)
            for name, categories in self.categories.items()
        ]
        return np.concatenate([*parts, np.ones((rows, 1))], axis=1)


def learn_encoding(features: Features) -> Encoding:
    """Learn an encoding from training rows.

    Args:
        features: Floats, and indices as integers, shape [rows] each.

    Returns:
        The encoding.
    """
    floats = {
        name: values
        for name, values in features.items()
        if np.issubdtype(values.dtype, np.floating)
    }
    return Encoding(
        means={name: float(values.mean()) for name, values in floats.items()},
        scales={name: float(values.std()) or 1.0 for name, values in floats.items()},
        categories={
            name: _find_frequent(values) for name, values in features.items() if name not in floats
        },
    )


def fit_coefficients(columns: Array, labels: Array) -> Array:
    """Fit a logistic regression.

    Args:
        columns: Encoded rows, shape [rows, columns], the last column ones, which is not penalized.
        labels: 0 or 1, shape [rows].

    Returns:
        Coefficients, shape [columns].
    """
    penalties = np.full(columns.shape[1], _PENALTY)
    penalties[-1] = 0.0
    coefficients = np.zeros(columns.shape[1])
    loss = _measure_loss(columns, labels, penalties, coefficients)
    for _ in range(_MOST_STEPS):
        step = _find_newton_step(columns, labels, penalties, coefficients)
        for _ in range(_MOST_HALVINGS):
            new_loss = _measure_loss(columns, labels, penalties, coefficients - step)
            if new_loss <= loss:
                break
            step /= 2
        gain, loss = loss - new_loss, new_loss
        coefficients = coefficients - step
        if gain < _TOLERANCE * len(labels):
            break
    return coefficients


def predict(columns: Array, coefficients: Array) -> Array:
    """Give the probability of label 1 for encoded rows; shape [rows]."""
    return 1 / (1 + np.exp(-np.clip(columns @ coefficients, -500, 500)))


def _find_frequent(indices: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    distinct, counts = np.unique(indices, return_counts=True)
    return distinct[np.argsort(-counts, kind="stable")[:MOST_CATEGORIES]]


def _measure_loss(columns: Array, labels: Array, penalties: Array, coefficients: Array) -> float:
    """Measure the penalized negative log-likelihood."""
    log_odds = columns @ coefficients
    likelihood = np.sum(np.logaddexp(0, log_odds) - labels * log_odds)
    return float(likelihood + np.sum(penalties * coefficients**2) / 2)


def _find_newton_step(
    columns: Array, labels: Array, penalties: Array, coefficients: Array
) -> Array:
    probabilities = predict(columns, coefficients)
    gradient = columns.T @ (probabilities - labels) + penalties * coefficients
    # Where every answer is certain the curvature vanishes; the small share keeps it solvable.
    curvature = np.maximum(probabilities * (1 - probabilities), 1e-9)
    hessian = (columns * curvature[:, np.newaxis]).T @ columns + np.diag(penalties)
    return np.linalg.solve(hessian, gradient)
