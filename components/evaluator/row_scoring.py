"""Score the rows of a row group with every model, and find their labels and slices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from components.evaluator.eval_config import MeasurementPlan
from components.evaluator.scored_rows import ScoredRows
from components.examples.example_encoding import encode_examples
from components.examples.parquet_examples import RowGroup, flatten, read_row_group
from components.examples.row_digest import digest_rows
from components.metrics.slice_columns import find_slices
from components.serving.loaded_model import LoadedModel
from components.serving.signatures import PROBABILITY, SERVING, TRANSFORM


def score_row_group(
    group: RowGroup, models: Sequence[LoadedModel], plan: MeasurementPlan
) -> ScoredRows:
    """Score rows, in order, by the candidate, and by the champion if there is one.

    The labels and the groups of the fairness attributes are the candidate's: they are what today's
    task is. A champion is measured on them, too.

    Raises:
        ValueError: If there is no such label or slice column, or a value has no place.
        tensorflow.errors.OpError: If a model can't take the rows.
    """
    rows = flatten(read_row_group(group))
    examples = encode_examples(rows)
    scores = [
        model.ask(SERVING, [PROBABILITY], examples)[PROBABILITY].astype(np.float64)
        for model in models
    ]
    outputs = set(models[0].list_outputs(TRANSFORM))
    missing = {plan.label, *plan.slice_columns} - outputs - set(rows.schema.names)
    if missing or plan.label not in outputs:
        raise ValueError(
            f"{group.path}: neither the rows nor {TRANSFORM} of the candidate have "
            f"{sorted(missing or {plan.label})}; transform the label, and slice by columns"
        )
    attributes = [name for name in plan.slice_columns if name in outputs]
    answers = models[0].ask(TRANSFORM, [plan.label, *attributes], examples)
    columns = {
        name: pa.array(answers[name]) if name in outputs else rows.column(name)
        for name in plan.slice_columns
    }
    return ScoredRows(
        rows=np.arange(group.first_row, group.first_row + group.rows),
        digests=digest_rows(rows),
        labels=answers[plan.label].astype(np.float64),
        candidate=scores[0],
        champion=scores[1] if len(scores) > 1 else None,
        slices={name: find_slices(name, column) for name, column in columns.items()},
    )
