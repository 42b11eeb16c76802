"""The pipeline: which steps there are and what flows between them."""

from __future__ import annotations

import json
from collections.abc import Sequence

import tensorflow_data_validation as tfdv
from tfx.components.example_validator.component import ExampleValidator
from tfx.components.schema_gen.component import SchemaGen
from tfx.components.trainer.component import Trainer
from tfx.dsl.components.common.resolver import Resolver
from tfx.orchestration.pipeline import Pipeline
from tfx.proto import trainer_pb2, transform_pb2
from tfx.types import Channel
from tfx.types.standard_artifacts import Examples, ExampleStatistics, Model, PushedModel

from components.champion.strategy import ChampionChange, ChampionStrategy
from components.csv_example_gen.component import (
    ANY_CSV,
    DATED_CSV,
    create_csv_example_gen,
)
from components.curated_schema.component import CuratedSchema
from components.curated_schema.schema_file import hash_schema
from components.data_gate.artifact import DataVerdictArtifact
from components.data_gate.component import DataGate
from components.data_gate.latest_accepted import LatestAcceptedStatisticsStrategy
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
from pipelines.metadata.store_connection import create_connection_config
from pipelines.records.nodes import NodeId
from schemas.feature_table import get_schema_path, load_feature_table

PREPROCESSING_FN = "components.transform.preprocessing.preprocessing_fn"
RUN_FN = "components.trainer.run_fn.run_fn"


def create_pipeline(config: PipelineConfig, beam_arguments: Sequence[str]) -> Pipeline:
    """Chain the steps.

    Args:
        beam_arguments: Beam's options, those that say what its workers get among them.

    Returns:
        The TFX pipeline, not yet compiled; nothing is read but source and schema.
    """
    layout = config.layout
    table = load_feature_table(config.task)
    schema_path = get_schema_path(config.task)
    span = 0 if config.span is None else number_span(config.span)

    examples = create_csv_example_gen(
        input_base=str(config.data.directory if config.span is None else config.spans_directory),
        task=config.task,
        splits=config.data.splits,
        input_pattern=ANY_CSV if config.span is None else DATED_CSV,
        span_date=config.span,
    )
    curated_schema = CuratedSchema(
        schema_path=str(schema_path), schema_sha256=hash_schema(schema_path)
    )
    statistics = StatisticsGen(
        examples=examples.outputs["examples"],
        schema=curated_schema.outputs["schema"],
        # DataGate measures drift on the quantiles: ten of them are too coarse for whole numbers.
        stats_options=tfdv.StatsOptions(
            infer_type_from_schema=True, num_quantiles_histogram_buckets=100
        ),
    )
    inferred_schema = SchemaGen(statistics=statistics.outputs["statistics"])
    validation = ExampleValidator(
        statistics=statistics.outputs["statistics"], schema=curated_schema.outputs["schema"]
    )
    accepted_data = Resolver(
        strategy_class=LatestAcceptedStatisticsStrategy,
        config={"span": span},
        statistics=Channel(type=ExampleStatistics),
        verdict=Channel(type=DataVerdictArtifact),
    ).with_id(NodeId.LATEST_ACCEPTED_DATA)
    data_gate = DataGate(
        examples=examples.outputs["examples"],
        statistics=statistics.outputs["statistics"],
        anomalies=validation.outputs["anomalies"],
        schema=curated_schema.outputs["schema"],
        previous_statistics=accepted_data.outputs["statistics"],
        previous_verdict=accepted_data.outputs["verdict"],
        settings=config.data_gate.model_dump_json(),
        task=config.task,
    )
    earlier_spans = Resolver(
        strategy_class=EarlierSpansStrategy,
        config={"span": span, "max_spans": config.training_spans - 1},
        examples=Channel(type=Examples),
        verdict=Channel(type=DataVerdictArtifact),
    ).with_id(NodeId.EARLIER_SPANS)
    window = TrainingWindow(
        examples=examples.outputs["examples"],
        earlier_examples=earlier_spans.outputs["examples"],
        splits=json.dumps(["train", "validation"]),
    )
    window.add_upstream_node(data_gate)
    training_examples = window.outputs["window"]
    transform = Transform(
        examples=training_examples,
        schema=curated_schema.outputs["schema"],
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
        custom_config={
            "task": config.task,
            "settings": config.trainer.model_dump(mode="json"),
        },
    )
    champion = Resolver(
        strategy_class=ChampionStrategy,
        model=Channel(type=Model),
        pushed_model=Channel(type=PushedModel),
        champion_change=Channel(type=ChampionChange),
    ).with_id(NodeId.LATEST_BLESSED_MODEL)
    evaluator = Evaluator(
        examples=examples.outputs["examples"],
        model=trainer.outputs["model"],
        baseline_model=champion.outputs["model"],
        schema=curated_schema.outputs["schema"],
        eval_config=create_eval_config(table, config.evaluator),
        example_splits=[config.evaluator.split],
    )
    validator = ModelValidator(
        evaluation=evaluator.outputs["evaluation"],
        examples=examples.outputs["examples"],
        training_examples=training_examples,
        model=trainer.outputs["model"],
        baseline_model=champion.outputs["model"],
        gates=dump_gates(config.gates),
        rows=describe_rows(
            table, config.evaluator.split, config.evaluator.threshold
        ).model_dump_json(),
        settings=config.model_validator.model_dump_json(),
    )
    pusher = create_pusher(
        model=trainer.outputs["model"],
        model_blessing=validator.outputs["blessing"],
        serving_root=layout.serving_root,
    )
    # The one node that nothing reads: a run that failed anywhere must not push.
    pusher.add_upstream_node(inferred_schema)
    return Pipeline(
        pipeline_name=config.name,
        pipeline_root=str(layout.pipeline_root),
        metadata_connection_config=create_connection_config(layout.metadata_store),
        components=[
            examples,
            curated_schema,
            statistics,
            inferred_schema,
            validation,
            accepted_data,
            data_gate,
            earlier_spans,
            window,
            transform,
            trainer,
            champion,
            evaluator,
            validator,
            pusher,
        ],
        enable_cache=config.cache,
        beam_pipeline_args=list(beam_arguments),
    )
