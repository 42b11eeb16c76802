"""Measure row groups with Beam: score each, and gather all that is counted of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

import apache_beam as beam

from components.evaluator.eval_config import MeasurementPlan
from components.evaluator.row_scoring import score_row_group
from components.evaluator.scored_rows import ScoredRows, join_scored_rows
from components.examples.parquet_examples import RowGroup
from components.metrics.jackknife import METRIC_GROUPS, assign_groups_by_digest
from components.metrics.sliced_scores import SlicedScores
from components.serving.loaded_model import load_model


@dataclasses.dataclass
class EvaluatedRows:
    """What is known of the rows so far: all are counted, and some kept one by one, in parts."""

    scores: SlicedScores
    single_rows: list[ScoredRows]

    def thin(self, max_rows: int) -> None:
        """Keep at most twice as many single rows as will be written: memory is bounded."""
        if sum(part.rows.size for part in self.single_rows) > 2 * max_rows:
            self.single_rows = [join_scored_rows(self.single_rows, max_rows)]


@dataclasses.dataclass
class EvaluateRowGroups(beam.PTransform):
    """Score row groups by the candidate, and the champion if there is one, and gather the scores.

    Input elements are ``RowGroup``, the only output element is ``EvaluatedRows``, without rows
    where there are no row groups.
    """

    models: Sequence[str]
    plan: MeasurementPlan

    def expand(self, row_groups: beam.PCollection[RowGroup]) -> beam.PCollection[EvaluatedRows]:
        """Spread the row groups over the workers, score them there, and gather."""
        return (
            row_groups
            | "OneRowGroupPerWorker" >> beam.Reshuffle()
            | "ScoreRows" >> beam.Map(_score_rows, list(self.models), self.plan)
            | "Gather" >> beam.CombineGlobally(_Gather(len(self.models), self.plan))
        )


def _score_rows(group: RowGroup, models: Sequence[str], plan: MeasurementPlan) -> ScoredRows:
    return score_row_group(group, [load_model(directory) for directory in models], plan)


class _Gather(beam.CombineFn):
    def __init__(self, models: int, plan: MeasurementPlan) -> None:
        self._models = models
        self._plan = plan

    def create_accumulator(self) -> EvaluatedRows:
        groups = METRIC_GROUPS if self._plan.has_intervals else 1
        scores = SlicedScores(self._models, groups, self._plan.metrics.threshold)
        return EvaluatedRows(scores, [])

    def add_input(self, accumulator: EvaluatedRows, element: ScoredRows) -> EvaluatedRows:
        groups = assign_groups_by_digest(element.digests)
        accumulator.scores.add(
            element.labels,
            [element.candidate, *([] if element.champion is None else [element.champion])],
            groups if self._plan.has_intervals else groups * 0,
            element.slices,
        )
        accumulator.single_rows.append(element)
        accumulator.thin(self._plan.metrics.max_scored_rows)
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[EvaluatedRows]) -> EvaluatedRows:
        merged, *others = accumulators
        for accumulator in others:
            merged.scores.merge(accumulator.scores)
            merged.single_rows += accumulator.single_rows
            merged.thin(self._plan.metrics.max_scored_rows)
        return merged

    def extract_output(self, accumulator: EvaluatedRows) -> EvaluatedRows:
        return accumulator
