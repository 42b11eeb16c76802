"""The hook that TFX's Trainer imports: artifacts in, SavedModel and TensorBoard logs out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import tensorflow as tf
import tensorflow_transform as tft
from tfx.components.trainer.fn_args_utils import FnArgs

from components.trainer.model import ModelInput
from components.trainer.serving import ServingModel
from components.trainer.settings import TrainerSettings
from components.trainer.training import TrainingData, train_model
from components.transform.transformed_features import (
    OUT_OF_VOCABULARY_BUCKETS,
    TransformedFeature,
    list_transformed_features,
)
from schemas.feature_table import FeatureTable, load_feature_table


def run_fn(fn_args: FnArgs) -> None:
    """Train on transformed examples and export a SavedModel.

    Args:
        fn_args: TFX's arguments; ``custom_config`` has ``task`` and ``settings``. Files written:
            the SavedModel in ``serving_model_dir``, logs in ``model_run_dir``.
    """
    table = load_feature_table(fn_args.custom_config["task"])
    settings = TrainerSettings.model_validate(fn_args.custom_config["settings"])
    transform_output = tft.TFTransformOutput(fn_args.transform_graph_path)
    model = train_model(
        list_model_inputs(table, transform_output),
        TrainingData(
            train_files=_expand(fn_args.train_files),
            validation_files=_expand(fn_args.eval_files),
            label_name=table.label.name,
        ),
        settings,
        Path(fn_args.model_run_dir),
    )
    export_model(model, transform_output, table, Path(fn_args.serving_model_dir))


def list_model_inputs(
    table: FeatureTable, transform_output: tft.TFTransformOutput
) -> tuple[ModelInput, ...]:
    """List one input per transformed feature, with the sizes of the vocabularies found."""
    return tuple(
        ModelInput(feature.name, _count_indices(feature, transform_output))
        for feature in list_transformed_features(table)
    )


def export_model(
    model: tf.keras.Model,
    transform_output: tft.TFTransformOutput,
    table: FeatureTable,
    directory: Path,
) -> None:
    """Write a SavedModel with the signatures of ``components.trainer.serving``."""
    serving_model = ServingModel(
        model,
        tf.saved_model.load(transform_output.transform_savedmodel_dir),
        transform_output.raw_feature_spec(),
        table,
    )
    tf.saved_model.save(serving_model, str(directory), serving_model.create_signatures())


def _count_indices(
    feature: TransformedFeature, transform_output: tft.TFTransformOutput
) -> int | None:
    if not feature.is_index:
        return None
    if feature.index_count is not None:
        return feature.index_count
    size: int = transform_output.vocabulary_size_by_name(feature.source)
    return size + OUT_OF_VOCABULARY_BUCKETS


def _expand(patterns: Sequence[str]) -> list[str]:
    return sorted(file for pattern in patterns for file in tf.io.gfile.glob(pattern))
