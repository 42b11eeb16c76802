"""The pipeline: its nodes, in four stages, and what flows between them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

import tensorflow_data_validation as tfdv
from tfx.components.example_validator.component import ExampleValidator
from tfx.components.schema_gen.component import SchemaGen
from tfx.components.trainer.component import Trainer
from tfx.dsl.components.base.base_node import BaseNode
from tfx.dsl.components.common.resolver import Resolver
from tfx.orchestration.pipeline import Pipeline
from tfx.proto import trainer_pb2, transform_pb2
from tfx.types import Channel
from tfx.types.standard_artifacts import Examples, ExampleStatistics, Model, PushedModel

from components.champion.strategy import ChampionChange, ChampionStrategy
from components.csv_example_gen.component import ANY_CSV, DATED_CSV, create_csv_example_gen
from components.curated_schema.component import CuratedSchema
from components.curated_schema.schema_file import hash_schema
from components.data_gate.component import DataGate
from components.data_gate.latest_accepted import (
    DataVerdictArtifact,
    LatestAcceptedStatisticsStrategy,
)
from components.evaluator.component import Evaluator
from components.evaluator.eval_config import create_eval_config
from components.model_validator.component import ModelValidator
from components.model_validator.gates import dump_gates
from components.model_validator.settings import describe_rows
from components.pusher.component import create_pusher
from components.spans import number_span
from components.statistics_gen.component import StatisticsGen
from components.training_window.component import TrainingWindow
from components.training_window.earlier_spans import EarlierSpansStrategy
from components.transform.component import Transform
from pipelines.config.pipeline_config import PipelineConfig
from pipelines.metadata.open_store import create_connection_config
from pipelines.records.nodes import NodeId
from schemas.feature_table import get_schema_path, load_feature_table

PREPROCESSING_FN = "components.transform.preprocessing.preprocessing_fn"
RUN_FN = "components.trainer.run_fn.run_fn"


class DataStage(NamedTuple):
    """Validated data.

    Attributes:
        schema: The curated schema.
        gate: Stops the run where the data is refused.
        inferred_schema: Infers the schema that people compare with the curated one.
    """

    nodes: tuple[BaseNode, ...]
    examples: Channel
    schema: Channel
    gate: BaseNode
    inferred_schema: BaseNode


class TrainStage(NamedTuple):
    """A trained model, the candidate, and the rows of all spans that it was trained on."""

    nodes: tuple[BaseNode, ...]
    examples: Channel
    model: Channel


class ValidateStage(NamedTuple):
    """A model that was blessed or refused."""

    nodes: tuple[BaseNode, ...]
    blessing: Channel


def create_pipeline(config: PipelineConfig, beam_arguments: Sequence[str]) -> Pipeline:
    """Chain the stages.

    Args:
        beam_arguments: Beam's options, those that say what its workers get among them.
    """
    data = create_data_stage(config)
    trained = create_train_stage(config, data)
    validated = create_validate_stage(config, data, trained)
    deployed = create_deploy_stage(config, data, trained, validated)
    return Pipeline(
        pipeline_name=config.name,
        pipeline_root=str(config.layout.pipeline_root),
        metadata_connection_config=create_connection_config(config.layout.metadata_store),
        components=[*data.nodes, *trained.nodes, *validated.nodes, *deployed],
        enable_cache=config.cache,
        beam_pipeline_args=list(beam_arguments),
    )


def create_data_stage(config: PipelineConfig) -> DataStage:
    """Read the rows, and accept or refuse them."""
    schema_path = get_schema_path(config.task)
    csv_example_gen = create_csv_example_gen(
        input_base=str(config.data.directory if config.span is None else config.spans_directory),
        task=config.task,
        splits=config.data.splits,
        input_pattern=ANY_CSV if config.span is None else DATED_CSV,
        span_date=config.span,
    )
    examples = csv_example_gen.outputs["examples"]
    curated_schema = CuratedSchema(
        schema_path=str(schema_path), schema_sha256=hash_schema(schema_path)
    )
    schema = curated_schema.outputs["schema"]
    statistics_gen = StatisticsGen(
        examples=examples,
        schema=schema,
        # DataGate measures drift on the quantiles: ten of them are too coarse for whole numbers.
        stats_options=tfdv.StatsOptions(
            infer_type_from_schema=True, num_quantiles_histogram_buckets=100
        ),
    )
    statistics = statistics_gen.outputs["statistics"]
    inferred_schema = SchemaGen(statistics=statistics)
    example_validator = ExampleValidator(statistics=statistics, schema=schema)
    accepted_data = Resolver(
        strategy_class=LatestAcceptedStatisticsStrategy,
        config={"span": _number_span(config)},
        statistics=Channel(type=ExampleStatistics),
        verdict=Channel(type=DataVerdictArtifact),
    ).with_id(NodeId.LATEST_ACCEPTED_DATA)
    gate = DataGate(
        examples=examples,
        statistics=statistics,
        anomalies=example_validator.outputs["anomalies"],
        schema=schema,
        previous_statistics=accepted_data.outputs["statistics"],
        previous_verdict=accepted_data.outputs["verdict"],
        settings=config.data_gate.model_dump_json(),
        task=config.task,
    )
    sources = (csv_example_gen, curated_schema, statistics_gen, inferred_schema)
    checks = (example_validator, accepted_data, gate)
    return DataStage((*sources, *checks), examples, schema, gate, inferred_schema)


def create_train_stage(config: PipelineConfig, data: DataStage) -> TrainStage:
    """Train a model on the accepted rows of this span and of earlier ones."""
    earlier_spans = Resolver(
        strategy_class=EarlierSpansStrategy,
        config={"span": _number_span(config), "max_spans": config.training_spans - 1},
        examples=Channel(type=Examples),
        verdict=Channel(type=DataVerdictArtifact),
    ).with_id(NodeId.EARLIER_SPANS)
    window = TrainingWindow(
        examples=data.examples,
        earlier_examples=earlier_spans.outputs["examples"],
        splits=json.dumps(["train", "validation"]),
    )
    window.add_upstream_node(data.gate)
    transform = Transform(
        examples=window.outputs["window"],
        schema=data.schema,
        preprocessing_fn=PREPROCESSING_FN,
        splits_config=transform_pb2.SplitsConfig(
            analyze=["train"], transform=["train", "validation"]
        ),
        disable_analyzer_cache=True,
        disable_statistics=True,
        custom_config={"task": config.task},
    )
    trainer = Trainer(
        examples=transform.outputs["transformed_examples"],
        transform_graph=transform.outputs["transform_graph"],
        run_fn=RUN_FN,
        train_args=trainer_pb2.TrainArgs(splits=["train"]),
        eval_args=trainer_pb2.EvalArgs(splits=["validation"]),
        custom_config={"task": config.task, "settings": config.trainer.model_dump(mode="json")},
    )
    nodes = (earlier_spans, window, transform, trainer)
    return TrainStage(nodes, window.outputs["window"], trainer.outputs["model"])


def create_validate_stage(
    config: PipelineConfig, data: DataStage, trained: TrainStage
) -> ValidateStage:
    """Compare the model with the champion, and bless or refuse it."""
    table = load_feature_table(config.task)
    champion = Resolver(
        strategy_class=ChampionStrategy,
        model=Channel(type=Model),
        pushed_model=Channel(type=PushedModel),
        champion_change=Channel(type=ChampionChange),
    ).with_id(NodeId.LATEST_BLESSED_MODEL)
    evaluator = Evaluator(
        examples=data.examples,
        model=trained.model,
        baseline_model=champion.outputs["model"],
        schema=data.schema,
        eval_config=create_eval_config(table, config.evaluator),
        example_splits=[config.evaluator.split],
    )
    rows = describe_rows(table, config.evaluator.split, config.evaluator.threshold)
    validator = ModelValidator(
        evaluation=evaluator.outputs["evaluation"],
        examples=data.examples,
        training_examples=trained.examples,
        model=trained.model,
        baseline_model=champion.outputs["model"],
        gates=dump_gates(config.gates),
        rows=rows.model_dump_json(),
        settings=config.model_validator.model_dump_json(),
    )
    return ValidateStage((champion, evaluator, validator), validator.outputs["blessing"])


def create_deploy_stage(
    config: PipelineConfig, data: DataStage, trained: TrainStage, validated: ValidateStage
) -> tuple[BaseNode, ...]:
    """Push the model where it was blessed."""
    pusher = create_pusher(
        model=trained.model,
        model_blessing=validated.blessing,
        serving_root=config.layout.serving_root,
    )
    # The one node that nothing reads: a run that failed anywhere must not push.
    pusher.add_upstream_node(data.inferred_schema)
    return (pusher,)


def _number_span(config: PipelineConfig) -> int:
    """Number the span as TFX does; 0 for data without spans."""
    return 0 if config.span is None else number_span(config.span)
