"""Models so simple that a candidate which does not beat them is not worth serving.

``base_rate``
    The training rows' share of label 1, for every row: "always no" where it is below the
    threshold. Its log loss is the entropy of that share where the evaluated rows have the same,
    and its AUC is 0.5.
``logistic_regression``
    A logistic regression on the same transformed features, fitted on the training rows.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from components.examples.example_encoding import encode_examples
from components.metrics.binary_metrics import Array
from components.model_validator.gates import TrivialName
from components.model_validator.logistic_regression import (
    Features,
    fit_coefficients,
    learn_encoding,
    predict,
)
from components.serving.example_records import read_rows
from components.serving.loaded_model import LoadedModel
from components.serving.signatures import TRANSFORM


@dataclasses.dataclass(frozen=True)
class LabeledFeatures:
    """Transformed rows; labels are 0 or 1, [rows]."""

    labels: Array
    features: Features


def transform_rows(
    model: LoadedModel, paths: Sequence[str], rows: npt.NDArray[np.int64], label: str
) -> LabeledFeatures:
    """Have a model transform chosen rows, at least one, as ``read_rows`` reads them, to numbers.

    Raises:
        ValueError: If the model gives no such label, or the split has no such row.
    """
    outputs = model.find_signature(TRANSFORM).structured_outputs
    numbers = {
        name for name, spec in outputs.items() if spec.dtype.is_floating or spec.dtype.is_integer
    }
    names = sorted(numbers | {label})
    parts = [
        model.ask(TRANSFORM, names, encode_examples(batch)) for batch in read_rows(paths, rows)
    ]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in names}
    return LabeledFeatures(columns.pop(label).astype(np.float64), columns)


def predict_by_trivial_models(
    train: LabeledFeatures, evaluated: LabeledFeatures
) -> dict[TrivialName, Array]:
    """Fit the trivial models; give their probabilities of label 1, [evaluated rows] each."""
    encoding = learn_encoding(train.features)
    columns = encoding.encode(train.features, train.labels.size)
    coefficients = fit_coefficients(columns, train.labels)
    rows = evaluated.labels.size
    return {
        "base_rate": np.full(rows, float(train.labels.mean())),
        "logistic_regression": predict(encoding.encode(evaluated.features, rows), coefficients),
    }
