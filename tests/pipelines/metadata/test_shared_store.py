"""Two pipelines in one metadata store: neither takes the other's results for its own."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from tfx.dsl.compiler import constants
from tfx.orchestration.portable import inputs_utils, runtime_parameter_utils
from tfx.proto.orchestration import pipeline_pb2

from pipelines.compiler.compilation import compile_pipeline
from pipelines.config.environment_file import load_config
from pipelines.config.pipeline_config import PipelineConfig
from pipelines.metadata.open_store import create_connection_config
from pipelines.metadata.tfx_internals import GuardedMetadata
from tests.tiny_store import TinyStore

SPAN_DAYS = (datetime.date(2015, 1, 1) - datetime.date(1970, 1, 1)).days
"""Number of a span before the one that is run."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def config(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> PipelineConfig:
    """A pipeline that reads a span, called ``ours``, with a store of either kind."""
    root = tmp_path_factory.mktemp("shared")
    overrides = ["name=ours", f"output_root={root}", "training_spans=3"]
    if request.param == "postgresql":
        server = request.getfixturevalue("postgresql")
        overrides.append(f"metadata_store={server.create_database('shared_store')}")
    config = load_config("local", overrides)
    return config.model_copy(update={"span": datetime.date(2015, 4, 1)})


def _accept_data(tiny: TinyStore, run_id: str) -> None:
    """Record a run whose data was accepted."""
    nowhere = Path("/nowhere")
    imported = tiny.record(
        run_id,
        "CsvExampleGen",
        outputs={"examples": tiny.create_artifact("Examples", nowhere, span=SPAN_DAYS)},
    )
    measured = tiny.record(
        run_id,
        "StatisticsGen",
        outputs={"statistics": tiny.create_artifact("ExampleStatistics", nowhere)},
    )
    verdict = tiny.create_artifact(
        "DataVerdict",
        nowhere,
        accepted=1,
        span=SPAN_DAYS,
        examples_id=tiny.find_outputs(imported)["examples"],
        statistics_id=tiny.find_outputs(measured)["statistics"],
    )
    tiny.record(run_id, "DataGate", outputs={"verdict": verdict})


def _resolve(ir: pipeline_pb2.Pipeline, config: PipelineConfig, node_id: str) -> dict[str, int]:
    """Tell how many artifacts TFX's launcher would find for a node, by key."""
    [node] = [one.pipeline_node for one in ir.nodes if one.pipeline_node.node_info.id == node_id]
    with GuardedMetadata(create_connection_config(config.layout.metadata_store)) as handle:
        found = inputs_utils.resolve_input_artifacts(pipeline_node=node, metadata_handle=handle)
    return {key: len(artifacts) for inputs in found for key, artifacts in inputs.items()}


def test_another_pipelines_data_is_not_looked_at(config: PipelineConfig) -> None:
    """Accepted data and earlier spans are the pipeline's own, whoever else is in the store."""
    ir, _ = compile_pipeline(config)
    runtime_parameter_utils.substitute_runtime_parameter(
        ir, {constants.PIPELINE_RUN_ID_PARAMETER_NAME: "now"}
    )
    theirs, ours = (
        TinyStore.open(config.layout.metadata_store, name) for name in ("theirs", "ours")
    )
    ours.record("first", "CsvExampleGen")
    _accept_data(theirs, "first")

    assert _resolve(ir, config, "LatestAcceptedData") == {"statistics": 0, "verdict": 0}
    assert _resolve(ir, config, "EarlierSpans") == {"examples": 0, "verdict": 0}

    _accept_data(ours, "first")

    assert _resolve(ir, config, "LatestAcceptedData") == {"statistics": 1, "verdict": 1}
    assert _resolve(ir, config, "EarlierSpans") == {"examples": 1, "verdict": 0}
