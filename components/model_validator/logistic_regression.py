"""A logistic regression on transformed features: the simple model that a network must beat.

Fitted by Newton's method on the ridge-penalized likelihood, which has one optimum (le Cessie and
van Houwelingen, Applied Statistics 41, 1992; Hastie, Tibshirani and Friedman, "The Elements of
Statistical Learning", section 4.4.1). The penalty is that of scikit-learn's default, ``C=1``.

One-hot columns are never laid out: a sum over the rows of a category is a count of indices, which
takes a fraction of the time and memory of a product of matrices.

This module is plain Python and NumPy.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from components.model_validator.grouped_metrics import sum_by_index

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
class Columns:
    """Encoded rows: a column of ones, one a number, then a one-hot block an index.

    Attributes:
        numbers: The ones and the numbers, shape [rows, 1 + numbers].
        places: For each index the row's column in its block, or the block's width where the row
            has none of its categories; shape [rows] each.
        widths: Columns of each block.
    """

    numbers: Array
    places: tuple[npt.NDArray[np.int64], ...] = ()
    widths: tuple[int, ...] = ()

    @property
    def count(self) -> int:
        """Number of columns."""
        return self.numbers.shape[1] + sum(self.widths)

    def multiply(self, coefficients: Array) -> Array:
        """Multiply the rows with coefficients, shape [columns]; shape [rows]."""
        products = self.numbers @ coefficients[: self.numbers.shape[1]]
        for block, places, _ in self._list_blocks():
            products += np.append(coefficients[block], 0.0)[places]
        return np.asarray(products)

    def sum_rows(self, weights: Array) -> Array:
        """Sum the rows, weighted, shape [rows]; shape [columns]."""
        sums = [self.numbers.T @ weights]
        sums += [
            sum_by_index(places, weights, width + 1)[:width]
            for _, places, width in self._list_blocks()
        ]
        return np.concatenate(sums)

    def sum_products(self, weights: Array) -> Array:
        """Sum each row's outer product with itself, weighted; shape [columns, columns]."""
        first = self.numbers.shape[1]
        products = np.zeros((self.count, self.count))
        weighted = self.numbers * weights[:, np.newaxis]
        products[:first, :first] = weighted.T @ self.numbers
        blocks = list(self._list_blocks())
        for number, (block, places, width) in enumerate(blocks):
            for column in range(first):
                sums = sum_by_index(places, weighted[:, column], width + 1)[:width]
                products[column, block] = products[block, column] = sums
            diagonal = np.arange(block.start, block.stop)
            # The first column is of ones, so it holds each category's weight already.
            products[diagonal, diagonal] = products[0, block]
            for other_block, other_places, other_width in blocks[:number]:
                pairs = places * (other_width + 1) + other_places
                size = (width + 1) * (other_width + 1)
                table = sum_by_index(pairs, weights, size).reshape(width + 1, other_width + 1)
                products[block, other_block] = table[:-1, :-1]
                products[other_block, block] = table[:-1, :-1].T
        return products

    def _list_blocks(self) -> Iterator[tuple[slice, npt.NDArray[np.int64], int]]:
        start = self.numbers.shape[1]
        for places, width in zip(self.places, self.widths, strict=True):
            yield slice(start, start + width), places, width
            start += width


@dataclasses.dataclass(frozen=True)
class Encoding:
    """How features become columns of numbers.

    Attributes:
        means: Mean of each float feature.
        scales: Its standard deviation; 1 where it never varies.
        categories: Categories of each index feature that have a column of their own, ascending.
    """

    means: Mapping[str, float]
    scales: Mapping[str, float]
    categories: Mapping[str, npt.NDArray[np.int64]]

    def encode(self, features: Features, rows: int) -> Columns:
        """Encode rows: standardized floats and one-hot categories.

        Args:
            features: The features that the encoding was learned of, shape [rows] each.
            rows: Number of rows.

        Returns:
            The columns.
        """
        numbers = [np.ones(rows)]
        numbers += [
            (features[name].astype(np.float64) - mean) / self.scales[name]
            for name, mean in self.means.items()
        ]
        return Columns(
            np.stack(numbers, axis=1),
            tuple(
                _find_places(features[name], categories)
                for name, categories in self.categories.items()
            ),
            tuple(len(categories) for categories in self.categories.values()),
        )


def learn_encoding(features: Features) -> Encoding:
    """Learn an encoding from training rows.

    Args:
        features: Floats, and indices as integers, shape [rows] each.

    Returns:
        The encoding.
    """
    floats = {
        name: values.astype(np.float64)
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


def fit_coefficients(columns: Columns, labels: Array) -> Array:
    """Fit a logistic regression.

    Args:
        columns: Encoded rows; the coefficient of the ones is not penalized.
        labels: 0 or 1, shape [rows].

    Returns:
        Coefficients, shape [columns].
    """
    penalties = np.full(columns.count, _PENALTY)
    penalties[0] = 0.0
    coefficients = np.zeros(columns.count)
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


def predict(columns: Columns, coefficients: Array) -> Array:
    """Give the probability of label 1 for encoded rows; shape [rows]."""
    return 1 / (1 + np.exp(-np.clip(columns.multiply(coefficients), -500, 500)))


def _find_frequent(indices: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    distinct, counts = np.unique(indices, return_counts=True)
    return np.sort(distinct[np.argsort(-counts, kind="stable")[:MOST_CATEGORIES]])


def _find_places(
    indices: npt.NDArray[Any], categories: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Find each index among categories, ascending; their number where it is none of them."""
    places = np.searchsorted(categories, indices)
    found = np.append(categories, 0)[places] == indices
    return np.where(found & (places < len(categories)), places, len(categories))


def _measure_loss(columns: Columns, labels: Array, penalties: Array, coefficients: Array) -> float:
    """Measure the penalized negative log-likelihood."""
    log_odds = columns.multiply(coefficients)
    likelihood = np.sum(np.logaddexp(0, log_odds) - labels * log_odds)
    return float(likelihood + np.sum(penalties * coefficients**2) / 2)


def _find_newton_step(
    columns: Columns, labels: Array, penalties: Array, coefficients: Array
) -> Array:
    probabilities = predict(columns, coefficients)
    gradient = columns.sum_rows(probabilities - labels) + penalties * coefficients
    # Where every answer is certain the curvature vanishes; the small share keeps it solvable.
    curvature = np.maximum(probabilities * (1 - probabilities), 1e-9)
    hessian = columns.sum_products(curvature) + np.diag(penalties)
    return np.linalg.solve(hessian, gradient)
