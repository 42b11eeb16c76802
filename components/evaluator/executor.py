"""Plug the measuring into TFX: one Beam pipe over row groups, and the files that come of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import apache_beam as beam
import tensorflow_model_analysis as tfma
from tfx.dsl.components.base import base_beam_executor
from tfx.types import Artifact, artifact_utils
from tfx.types import standard_component_specs as specs
from tfx.utils import json_utils, path_utils, proto_utils

from components.evaluator.champion_check import find_incompatibility, write_incompatibility
from components.evaluator.eval_config import MeasurementPlan, read_measurement_plan
from components.evaluator.evaluate_row_groups import EvaluatedRows, EvaluateRowGroups
from components.evaluator.scored_rows import join_scored_rows, write_scored_rows
from components.evaluator.tfma_export import export_config, export_slices
from components.examples.parquet_examples import list_files, list_row_groups
from components.metrics.evaluation import write_evaluation
from components.metrics.measurement import create_evaluation, measure_slices


class Executor(base_beam_executor.BaseBeamExecutor):
    """Measure the candidate and the champion on the same rows, in TFX's Evaluator's place.

    It writes ``digest.json``, ``scores.parquet`` and, as an export, the files that TFMA reads. An
    incompatible champion is left out, and ``incompatible_champion.txt`` explains why.
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
            exec_properties[specs.EVAL_CONFIG_KEY], tfma.EvalConfig()
        )
        [split] = json_utils.loads(exec_properties[specs.EXAMPLE_SPLITS_KEY])
        [split_uri] = artifact_utils.get_split_uris(input_dict[specs.EXAMPLES_KEY], split)
        files = list_files(Path(split_uri))
        directory = Path(artifact_utils.get_single_uri(output_dict[specs.EVALUATION_KEY]))
        directory.mkdir(parents=True, exist_ok=True)
        models = [_find_model(input_dict[specs.MODEL_KEY])]
        if champions := input_dict.get(specs.BASELINE_MODEL_KEY):
            champion = _find_model(champions)
            reason = find_incompatibility(champion, files, config.model_specs[0].label_key)
            if reason is None:
                models.append(champion)
            else:
                write_incompatibility(directory, reason)
        config = tfma.utils.update_eval_config_with_defaults(
            config, has_baseline=len(models) > 1, rubber_stamp=True
        )
        plan = read_measurement_plan(config)
        with self._make_beam_pipeline() as pipeline:
            _ = (
                pipeline
                | "RowGroups" >> beam.Create(list_row_groups(files))
                | "Evaluate" >> EvaluateRowGroups(models, plan)
                | "Write" >> beam.Map(_write, plan, str(directory))
            )
        export_config(
            directory, config, split_uri, dict(zip(plan.model_names, models, strict=True))
        )


def _write(evaluated: EvaluatedRows, plan: MeasurementPlan, directory: str) -> None:
    """Write what was measured; doing it again writes the same files again."""
    slices = measure_slices(evaluated.scores, plan.has_intervals)
    write_evaluation(create_evaluation(slices, plan.metrics.plots), Path(directory))
    export_slices(Path(directory), slices, plan)
    scored = join_scored_rows(evaluated.single_rows, plan.metrics.max_scored_rows)
    write_scored_rows(Path(directory), scored)


def _find_model(artifacts: list[Artifact]) -> str:
    return str(path_utils.serving_model_path(artifact_utils.get_single_uri(artifacts)))
