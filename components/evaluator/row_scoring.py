"""Score the rows of a row group with every model, and find their labels and slices."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from components.evaluator.eval_config import (
    LABEL_SIGNATURE,
    PROBABILITY_OUTPUT,
    SERVING_SIGNATURE,
    MeasurementPlan,
)
from components.examples.example_encoding import encode_examples
from components.examples.parquet_examples import RowGroup, flatten, read_row_group
from components.examples.row_digest import Digests, digest_rows
from components.metrics.score_histogram import Array
from components.metrics.slice_columns import find_slices
from components.metrics.sliced_scores import SliceColumn
from components.serving.loaded_model import LoadedModel


@dataclasses.dataclass(frozen=True)
class ScoredBatch:
    """Rows, scored.

    Attributes:
        first_row: Number of the first row in its split, from 0.
        digests: Of the rows' cells, see ``row_digest``, [rows].
        labels: What the candidate's ``transform_features`` says, float64 [rows].
        probabilities: Each model's probabilities of label 1, float64 [rows].
        columns: The rows' slices by column.
    """

    first_row: int
    digests: Digests
    labels: Array
    probabilities: list[Array]
    columns: Mapping[str, SliceColumn]


def score_row_group(
    group: RowGroup, models: Sequence[LoadedModel], plan: MeasurementPlan
) -> ScoredBatch:
    """Score rows.

    The candidate alone says the labels and the groups of the fairness attributes: what today's
    task is. A champion is measured on that, too.

    Args:
        models: The candidate, and the champion if there is one.

    Returns:
        The rows, in order.

    Raises:
        ValueError: If there is no such label or slice column, or a value has no place.
        tensorflow.errors.OpError: If a model can't take the rows.
    """
    rows = flatten(read_row_group(group))
    examples = encode_examples(rows)
    probabilities = [
        model.ask(SERVING_SIGNATURE, [PROBABILITY_OUTPUT], examples)[PROBABILITY_OUTPUT]
        for model in models
    ]
    candidate = models[0]
    told = set(candidate.list_outputs(LABEL_SIGNATURE))
    missing = {plan.label, *plan.slice_columns} - told - set(rows.schema.names)
    if missing or plan.label not in told:
        raise ValueError(
            f"{group.path}: neither the rows nor {LABEL_SIGNATURE} of the candidate have "
            f"{sorted(missing or {plan.label})}; transform the label, and slice by columns"
        )
    attributes = [name for name in plan.slice_columns if name in told]
    answers = candidate.ask(LABEL_SIGNATURE, [plan.label, *attributes], examples)
    columns = {
        name: pa.array(answers[name]) if name in told else rows.column(name)
        for name in plan.slice_columns
    }
    return ScoredBatch(
        first_row=group.first_row,
        digests=digest_rows(rows),
        labels=answers[plan.label].astype(np.float64),
        probabilities=[scores.astype(np.float64) for scores in probabilities],
        columns={name: find_slices(name, column) for name, column in columns.items()},
    )
