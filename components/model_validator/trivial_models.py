"""Models so simple that a candidate which does not beat them is not worth serving.

``base_rate``
    The training rows' share of label 1, for every row: "always no" where it is below the
    threshold. Its log loss is the entropy of that share where the evaluated rows have the same,
    and its AUC is 0.5.
``logistic_regression``
    A logistic regression on the same transformed features, fitted on the training rows.

This module is plain Python, NumPy and scikit-learn.
"""

from __future__ import annotations

import numpy as np

from components.model_validator.gates import TrivialName
from components.model_validator.logistic_regression import (
    fit_coefficients,
    learn_encoding,
    predict,
)
from components.serving.replay_client import Array, LabeledFeatures


def predict_by_trivial_models(
    train: LabeledFeatures, evaluated: LabeledFeatures
) -> dict[TrivialName, Array]:
    """Fit the trivial models and ask them.

    Args:
        train: Rows to fit on.
        evaluated: Rows to answer, with the same features.

    Returns:
        Probabilities of label 1 by model, shape [evaluated rows] each.
    """
    encoding = learn_encoding(train.features)
    columns = encoding.encode(train.features, train.labels.size)
    coefficients = fit_coefficients(columns, train.labels)
    rows = evaluated.labels.size
    return {
        "base_rate": np.full(rows, float(train.labels.mean())),
        "logistic_regression": predict(encoding.encode(evaluated.features, rows), coefficients),
    }
