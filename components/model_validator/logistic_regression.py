"""A logistic regression on transformed features: the simple model that a network must beat.

The fit is scikit-learn's, with its default penalty, ``C=1``.
"""

from __future__ import annotations

import dataclasses
import logging
import warnings
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.special import expit, logit
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import OneHotEncoder

from components.metrics.binary_metrics import Array

Columns: TypeAlias = sparse.csr_matrix
"""Encoded rows: the numbers, then one one-hot block per index; shape [rows, columns]."""
Features = Mapping[str, npt.NDArray[Any]]
"""Transformed features by name, floats or indices, shape [rows]."""

MAX_CATEGORIES = 100
"""Categories of an index that get a column of their own: the most frequent ones."""

_MAX_STEPS = 2_000
_TOLERANCE = 1e-6
"""Largest slope of the mean loss at the end; ten times less moves no log loss by 1e-7."""


@dataclasses.dataclass(frozen=True)
class Encoding:
    """How features become columns of numbers.

    Attributes:
        means: Mean of each float feature.
        scales: Its standard deviation; 1 where it never varies.
        categories: Those of each index feature that have a column of their own, ascending.
    """

    means: Mapping[str, float]
    scales: Mapping[str, float]
    categories: Mapping[str, npt.NDArray[np.int64]]

    def encode(self, features: Features, rows: int) -> Columns:
        """Encode rows: standardized floats and one-hot categories; other categories have none."""
        blocks = [
            sparse.csr_matrix((features[name][:, np.newaxis] - mean) / self.scales[name])
            for name, mean in self.means.items()
        ]
        if self.categories:
            one_hot = OneHotEncoder(
                categories=list(self.categories.values()), handle_unknown="ignore"
            )
            indices = np.stack([features[name] for name in self.categories], axis=1)
            blocks.append(one_hot.fit_transform(indices))
        return sparse.hstack([sparse.csr_matrix((rows, 0)), *blocks], format="csr")


def learn_encoding(features: Features) -> Encoding:
    """Learn an encoding from training rows: floats, and indices as integers."""
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
    """Fit a logistic regression; a warning is logged where it does not converge.

    Returns:
        The intercept, which is not penalized, then one coefficient per column; shape [1 + columns].
        NaN where a row holds a value that is not a finite number.
    """
    if not np.isfinite(columns.data).all():
        return np.full(1 + columns.shape[1], np.nan)
    share = float(labels.mean())
    if share in (0.0, 1.0) or not columns.shape[1]:
        return np.append(logit(share), np.zeros(columns.shape[1]))
    model = LogisticRegression(C=1.0, tol=_TOLERANCE, max_iter=_MAX_STEPS)
    with warnings.catch_warnings():
        # Its message is a paragraph on scaling, which is done.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(columns, labels)
    if model.n_iter_[0] >= _MAX_STEPS:
        logging.warning(
            "the logistic regression has not converged after %d steps on %d rows; "
            "the candidate is compared with a weaker one",
            _MAX_STEPS,
            labels.size,
        )
    return np.append(model.intercept_, model.coef_)


def predict(columns: Columns, coefficients: Array) -> Array:
    """Give the probability of label 1 for encoded rows; shape [rows]."""
    return np.asarray(expit(columns @ coefficients[1:] + coefficients[0]))


def _find_frequent(indices: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    distinct, counts = np.unique(indices, return_counts=True)
    return np.sort(distinct[np.argsort(-counts, kind="stable")[:MAX_CATEGORIES]])
