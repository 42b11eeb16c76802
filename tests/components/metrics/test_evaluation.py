"""The record of what was measured, as ``digest.json``."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from components.metrics.evaluation import (
    FILE_NAME,
    Evaluation,
    Metric,
    MetricComparison,
    ModelMeasures,
    Slice,
    find_evaluation,
    read_evaluation,
    write_evaluation,
)
from components.record_file import UnreadableRecordError


def measure(auc: float, column: str | None = None, value: str | None = None) -> Slice:
    """Make a slice of ten rows with an AUC."""
    metric = Metric(value=auc, lower=auc - 0.1, upper=auc + 0.1)
    return Slice(column=column, column_value=value, examples=10, metrics={"auc": metric})


EVALUATION = Evaluation(
    candidate=ModelMeasures(slices=(measure(0.75), measure(math.nan, "city", "Oslo"))),
    champion=ModelMeasures(slices=(measure(0.5),)),
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """The record comes back as it was, under the keys that earlier releases read."""
    write_evaluation(EVALUATION, tmp_path)

    assert read_evaluation(tmp_path) == EVALUATION
    model = json.loads((tmp_path / FILE_NAME).read_text())["candidate"]
    assert set(model) == {"slices", "thresholds", "calibration"}
    assert model["slices"][1] == {
        "column": "city",
        "column_value": "Oslo",
        "examples": 10,
        "metrics": {"auc": {"value": None, "lower": None, "upper": None}},
    }


def test_a_slice_is_compared_with_the_champions() -> None:
    """Each metric has the champion's value beside it, and none where the champion has no slice."""
    overall, oslo = EVALUATION.candidate.slices

    [compared] = EVALUATION.compare(overall)
    assert compared == MetricComparison(
        name="auc", value=0.75, lower=0.65, upper=0.85, baseline=0.5
    )
    [alone] = EVALUATION.compare(oslo)
    assert (alone.value, alone.baseline) == (None, None)


def test_a_missing_file_is_told_from_a_broken_one(tmp_path: Path) -> None:
    """Where there is none it can be asked for; a broken one is always an error that names it."""
    assert find_evaluation(tmp_path) is None
    with pytest.raises(UnreadableRecordError, match="run the Evaluator again"):
        read_evaluation(tmp_path)

    (tmp_path / FILE_NAME).write_text('{"candidate": {"slices": []}}')

    with pytest.raises(UnreadableRecordError, match=rf"{tmp_path}.*overall slice"):
        find_evaluation(tmp_path)
