"""Plug the measuring into TFX: score row groups in Beam, gather them, write what TFMA reads."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
import tensorflow_model_analysis as tfma
from tfx.dsl.components.base import base_beam_executor
from tfx.types import Artifact, artifact_utils, standard_component_specs
from tfx.utils import json_utils, path_utils, proto_utils

from components.evaluator.champion_check import MISFIT_FILE, find_misfit
from components.evaluator.eval_config import MeasurementPlan, read_measurement_plan
from components.evaluator.evaluation import load_digest
from components.evaluator.row_scoring import ScoredBatch, score_row_group
from components.evaluator.scored_rows import (
    ScoredRows,
    join_scored_rows,
    write_scored_rows,
)
from components.evaluator.tfma_records import write_eval_config, write_measures
from components.examples.parquet_examples import RowGroup, list_files, list_row_groups
from components.metrics.digest import write_digest
from components.metrics.jackknife import GROUPS, deal_groups
from components.metrics.sliced_scores import SlicedScores
from components.serving.loaded_model import load_model


class Executor(base_beam_executor.BaseBeamExecutor):
    """Measure the candidate and the champion on the same rows, in TFX's Evaluator's place.

    A champion that no longer fits is left out; ``champion_misfit.txt`` says why then. Beside what
    TFMA reads are ``digest.json``, for readers without TFMA, and ``scores.parquet``.
    """

    def Do(  # noqa: N802  # the name is TFX's
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Measure the models.

        Args:
            input_dict: ``examples`` as Parquet, ``model``, and ``baseline_model`` if there is a
                champion.
            output_dict: ``evaluation``.
            exec_properties: ``eval_config`` and ``example_splits``, one of them, as JSON.

        Raises:
            ValueError: If the config asks for what is not measured here, or there are no rows.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        config = proto_utils.json_to_proto(
            exec_properties[standard_component_specs.EVAL_CONFIG_KEY], tfma.EvalConfig()
        )
        (split,) = json_utils.loads(exec_properties[standard_component_specs.EXAMPLE_SPLITS_KEY])
        (split_uri,) = artifact_utils.get_split_uris(
            input_dict[standard_component_specs.EXAMPLES_KEY], split
        )
        files = list_files(Path(split_uri))
        directory = Path(
            artifact_utils.get_single_uri(output_dict[standard_component_specs.EVALUATION_KEY])
        )
        directory.mkdir(parents=True, exist_ok=True)
        models = [_find_model(input_dict[standard_component_specs.MODEL_KEY])]
        champions = input_dict.get(standard_component_specs.BASELINE_MODEL_KEY)
        if champions:
            champion = _find_model(champions)
            misfit = find_misfit(champion, files, config.model_specs[0].label_key)
            if misfit:
                (directory / MISFIT_FILE).write_text(f"{misfit}\n", encoding="utf-8")
            else:
                models.append(champion)
        config = tfma.utils.update_eval_config_with_defaults(
            config, has_baseline=len(models) > 1, rubber_stamp=True
        )
        plan = read_measurement_plan(config)
        self._measure(files, models, plan, directory)
        locations = dict(zip(plan.model_names, models, strict=True))
        write_eval_config(directory, config, split_uri, locations)
        write_digest(load_digest(directory), directory)

    def _measure(
        self, files: Sequence[str], models: Sequence[str], plan: MeasurementPlan, directory: Path
    ) -> None:
        with self._make_beam_pipeline() as pipeline:
            _ = (
                pipeline
                | "RowGroups" >> beam.Create(list_row_groups(files))
                | "OneRowGroupAWorker" >> beam.Reshuffle()
                | "ScoreRows" >> beam.ParDo(_ScoreRows(models, plan))
                | "Gather" >> beam.CombineGlobally(_Gather(len(models), plan))
                | "Write" >> beam.Map(_write, plan, str(directory))
            )


@dataclasses.dataclass
class _Gathered:
    """What is known of the rows so far."""

    scores: SlicedScores
    single_rows: list[ScoredRows]

    def thin(self, max_rows: int) -> None:
        """Keep no more than twice as many single rows as will be written: memory is bounded."""
        if sum(part.rows.size for part in self.single_rows) > 2 * max_rows:
            self.single_rows = [join_scored_rows(self.single_rows, max_rows)]


class _ScoreRows(beam.DoFn):
    """Score row groups with models that are loaded once a process."""

    def __init__(self, models: Sequence[str], plan: MeasurementPlan) -> None:
        self._directories = list(models)
        self._plan = plan

    def setup(self) -> None:
        self._models = [load_model(directory) for directory in self._directories]

    def process(self, element: RowGroup) -> Iterator[ScoredBatch]:
        yield score_row_group(element, self._models, self._plan)


class _Gather(beam.CombineFn):
    """Gather scored rows."""

    def __init__(self, models: int, plan: MeasurementPlan) -> None:
        self._models = models
        self._plan = plan

    def create_accumulator(self) -> _Gathered:
        groups = GROUPS if self._plan.has_intervals else 1
        return _Gathered(SlicedScores(self._models, groups, self._plan.metrics.threshold), [])

    def add_input(self, accumulator: _Gathered, element: ScoredBatch) -> _Gathered:
        groups = deal_groups(element.digests)
        accumulator.scores.add(
            element.labels,
            element.probabilities,
            groups if self._plan.has_intervals else groups * 0,
            element.columns,
        )
        candidate, *champion = element.probabilities
        accumulator.single_rows.append(
            ScoredRows(
                np.arange(element.first_row, element.first_row + element.labels.size),
                element.digests,
                element.labels,
                candidate,
                champion[0] if champion else None,
            )
        )
        accumulator.thin(self._plan.metrics.max_scored_rows)
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[_Gathered]) -> _Gathered:
        merged, *others = accumulators
        for accumulator in others:
            merged.scores.merge(accumulator.scores)
            merged.single_rows += accumulator.single_rows
            merged.thin(self._plan.metrics.max_scored_rows)
        return merged

    def extract_output(self, accumulator: _Gathered) -> _Gathered:
        return accumulator


def _write(gathered: _Gathered, plan: MeasurementPlan, directory: str) -> None:
    """Write the metrics, the plots and the scores; doing it again writes the same files again."""
    write_measures(Path(directory), gathered.scores, plan)
    if gathered.single_rows:
        scored = join_scored_rows(gathered.single_rows, plan.metrics.max_scored_rows)
        write_scored_rows(Path(directory), scored)


def _find_model(artifacts: list[Artifact]) -> str:
    return str(path_utils.serving_model_path(artifact_utils.get_single_uri(artifacts)))
