"""The Evaluator's Beam step on small lists of row groups, against a look at every row."""

from __future__ import annotations

from pathlib import Path

import apache_beam as beam
import numpy as np
import pytest
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that

from components.evaluator.eval_config import BinaryClassifierMetrics, MeasurementPlan
from components.evaluator.evaluate_row_groups import EvaluatedRows, EvaluateRowGroups
from components.evaluator.scored_rows import join_scored_rows
from components.examples.parquet_examples import list_row_groups
from components.metrics.sliced_scores import ALL_ROWS, SliceKey
from tests.components.replayed_models import ROWS, SCORED, Measured
from tests.tiny_evaluation import MEASURED, get_label, write_rows

PLAN = MeasurementPlan(
    model_names=("candidate", "baseline"),
    label="generous",
    slice_columns=("city", "coast"),
    has_intervals=True,
    metrics=BinaryClassifierMetrics(threshold=0.5, plots=False, max_scored_rows=100),
)
IN_OSLO = [row for row in ROWS if MEASURED[row]["city"] == b"Oslo"]
IN_ROME = [row for row in ROWS if MEASURED[row]["city"] == b"Rome"]
SLICES: dict[SliceKey, list[int]] = {
    ALL_ROWS: list(ROWS),
    (("city", "Oslo"),): IN_OSLO,
    (("city", "Rome"),): IN_ROME,
    (("coast", "north"),): IN_OSLO,
    (("coast", "south"),): IN_ROME,
}


def check_rows(elements: list[EvaluatedRows]) -> None:
    """Check the only element: every slice has its rows by label, and every row its scores."""
    [evaluated] = elements
    assert set(evaluated.scores.list_slices()) == set(SLICES)
    for key, rows in SLICES.items():
        for histogram in evaluated.scores.create_histograms(key):
            whole = histogram.merge_groups()
            positives = sum(get_label(row) for row in rows)
            assert whole.positives.sum() == positives
            assert whole.negatives.sum() == len(rows) - positives
    scored = join_scored_rows(evaluated.single_rows, 100)
    assert scored.rows.tolist() == list(ROWS)
    assert scored.champion is not None
    assert SCORED.champion is not None
    np.testing.assert_allclose(scored.candidate, SCORED.candidate, rtol=1e-5)
    np.testing.assert_allclose(scored.champion, SCORED.champion, rtol=1e-5)


def test_every_row_is_in_its_slices_and_has_its_scores(measured: Measured, tmp_path: Path) -> None:
    """Row groups of several files come out as one element, whatever their order."""
    paths = [str(tmp_path / f"{number}.parquet") for number in range(3)]
    for path, part in zip(paths, (MEASURED[:7], MEASURED[7:8], MEASURED[8:]), strict=True):
        write_rows(Path(path), part)
    models = [f"{model.uri}/Format-Serving" for model in (measured.candidate, measured.baseline)]

    with TestPipeline() as pipeline:
        row_groups = pipeline | beam.Create(list_row_groups(paths)[::-1])
        assert_that(row_groups | EvaluateRowGroups(models, PLAN), check_rows)


def test_without_row_groups_there_are_no_rows(measured: Measured) -> None:
    """The step has its one element all the same."""

    def check_nothing(elements: list[EvaluatedRows]) -> None:
        [evaluated] = elements
        assert not evaluated.scores.list_slices()
        assert not evaluated.single_rows

    with TestPipeline() as pipeline:
        evaluate = EvaluateRowGroups([f"{measured.candidate.uri}/Format-Serving"], PLAN)
        assert_that(pipeline | beam.Create([]) | evaluate, check_nothing)


def test_a_label_that_is_not_there_is_an_error(measured: Measured, tmp_path: Path) -> None:
    """What neither the rows nor the model have is named, with the remedy."""
    write_rows(tmp_path / "rows.parquet", MEASURED)
    plan = MeasurementPlan(("",), "thrifty", (), has_intervals=False, metrics=PLAN.metrics)
    row_groups = list_row_groups([str(tmp_path / "rows.parquet")])

    with pytest.raises(ValueError, match=r"have \['thrifty'\]; transform the label"):  # noqa: SIM117
        with TestPipeline() as pipeline:
            _ = (
                pipeline
                | beam.Create(row_groups)
                | EvaluateRowGroups([f"{measured.candidate.uri}/Format-Serving"], plan)
            )
