"""Plug the check of the champion into TFX's Evaluator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tensorflow_model_analysis as tfma
from tfx.components.evaluator import executor
from tfx.types import Artifact, artifact_utils, standard_component_specs
from tfx.utils import json_utils, path_utils, proto_utils

from components.evaluator.champion_check import MISFIT_FILE, find_misfit
from components.evaluator.digest import write_digest
from components.evaluator.evaluation import load_digest


class Executor(executor.Executor):
    """Measure as TFX's Evaluator does, but leave out a champion that no longer fits.

    It then measures the candidate alone and writes ``champion_misfit.txt`` beside the metrics. In
    any case it leaves ``digest.json`` there, for readers without TFMA.
    """

    def Do(  # noqa: N802  # the name is TFX's
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Measure the models.

        Args:
            input_dict: ``examples``, ``model``, and ``baseline_model`` if there is a champion.
            output_dict: ``evaluation``.
            exec_properties: ``eval_config`` and ``example_splits``, as JSON.
        """
        misfit = _find_champion_misfit(input_dict, exec_properties)
        if misfit:
            input_dict = {**input_dict, standard_component_specs.BASELINE_MODEL_KEY: []}
        super().Do(input_dict, output_dict, exec_properties)
        evaluation = output_dict[standard_component_specs.EVALUATION_KEY]
        directory = Path(artifact_utils.get_single_uri(evaluation))
        if misfit:
            (directory / MISFIT_FILE).write_text(f"{misfit}\n", encoding="utf-8")
        write_digest(load_digest(directory), directory)


def _find_champion_misfit(
    input_dict: dict[str, list[Artifact]], exec_properties: dict[str, Any]
) -> str | None:
    champions = input_dict.get(standard_component_specs.BASELINE_MODEL_KEY)
    if not champions:
        return None
    (champion,) = champions
    config = proto_utils.json_to_proto(
        exec_properties[standard_component_specs.EVAL_CONFIG_KEY], tfma.EvalConfig()
    )
    (label,) = {spec.label_key for spec in config.model_specs}
    split = json_utils.loads(exec_properties[standard_component_specs.EXAMPLE_SPLITS_KEY])[0]
    (directory,) = artifact_utils.get_split_uris(
        input_dict[standard_component_specs.EXAMPLES_KEY], split
    )
    return find_misfit(
        Path(path_utils.serving_model_path(champion.uri)), sorted(Path(directory).iterdir()), label
    )
