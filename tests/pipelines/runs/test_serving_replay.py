"""A pushed version, replayed on a real metadata store, evaluation and version folder."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import ml_metadata
import pytest
from ml_metadata.proto import metadata_store_pb2 as mlmd

from components.evaluator.scored_rows import FILE_NAME
from components.evaluator.settings import EvaluatorSettings
from components.model_validator.gate_result import Outcome
from components.model_validator.gates import ServingGate, ValueGate, dump_gates
from components.model_validator.settings import ModelValidatorSettings, describe_rows
from pipelines.config.layout import OutputLayout
from pipelines.records.exit_code import ExitCode
from pipelines.runs.serving_replay import ServingReplayError, replay_version
from tests.champion_store import create_pipeline_context, put_push
from tests.tiny_evaluation import (
    MEASURED,
    SLICED_TABLE,
    evaluate,
    export_model,
    write_examples,
)

VERSION = 100
SAME = ServingGate(kind="serving", name="same", metric="prediction_difference", max=1e-5)
FLOOR = ValueGate(kind="value", name="floor", metric="auc", min=0.0)


@dataclasses.dataclass(frozen=True)
class Pushed:
    """A pipeline whose only run pushed a model."""

    layout: OutputLayout
    evaluation: Path

    @property
    def served(self) -> Path:
        """The folder that serves it."""
        return self.layout.serving_root / str(VERSION)


@pytest.fixture(scope="module")
def run_artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the run left: a model, the examples it was measured on, and the evaluation."""
    directory = tmp_path_factory.mktemp("run")
    model = export_model(directory / "model", 0.1)
    write_examples(directory / "examples")
    evaluate(directory / "measured", model, None, EvaluatorSettings(confidence_intervals="none"))
    export_model(directory / "other", 0.2)
    return directory


@pytest.fixture
def pushed(run_artifacts: Path, tmp_path: Path) -> Pushed:
    """A copy of it, in the metadata store and under its version."""
    layout = OutputLayout(tmp_path / "output")
    layout.root.mkdir()
    evaluation = shutil.copytree(run_artifacts / "measured/evaluation", tmp_path / "evaluation")
    record_run(
        layout,
        {
            "model": run_artifacts / "model",
            "evaluation": evaluation,
            "examples": run_artifacts / "examples",
        },
    )
    pushed = Pushed(layout, evaluation)
    shutil.copytree(run_artifacts / "model/Format-Serving", pushed.served)
    return pushed


def record_run(layout: OutputLayout, inputs: dict[str, Path]) -> None:
    """Record a run of ModelValidator and a push."""
    config = mlmd.ConnectionConfig()
    config.sqlite.filename_uri = str(layout.metadata_path)
    config.sqlite.connection_mode = mlmd.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
    store = ml_metadata.MetadataStore(config)
    kinds = {
        name: store.put_artifact_type(mlmd.ArtifactType(name=name))
        for name in ("Model", "ModelEvaluation", "Examples")
    }
    types = {"model": "Model", "evaluation": "ModelEvaluation", "examples": "Examples"}
    artifacts = [
        mlmd.Artifact(type_id=kinds[types[key]], uri=str(path)) for key, path in inputs.items()
    ]
    ids = dict(zip(inputs, store.put_artifacts(artifacts), strict=True))
    context = create_pipeline_context(store, "tiny")
    put_push(store, context, ids["model"], layout.serving_root / str(VERSION))
    execution = mlmd.Execution(
        type_id=store.put_execution_type(mlmd.ExecutionType(name="ModelValidator")),
        last_known_state=mlmd.Execution.COMPLETE,
    )
    for name, text in (
        ("gates", dump_gates([FLOOR, SAME])),
        ("rows", describe_rows(SLICED_TABLE, "test", 0.5).model_dump_json()),
        ("settings", ModelValidatorSettings(latency_rows=20).model_dump_json()),
    ):
        execution.custom_properties[name].string_value = text
    contexts = [context] + [
        mlmd.Context(type_id=store.put_context_type(mlmd.ContextType(name=kind)), name=name)
        for kind, name in (
            ("pipeline_run", "run-1"),
            ("node", "tiny.ModelValidator"),
        )
    ]
    events = []
    for key, number in ids.items():
        event = mlmd.Event(type=mlmd.Event.INPUT, artifact_id=number)
        event.path.steps.add().key = key
        events.append((store.get_artifacts_by_id([number])[0], event))
    store.put_execution(execution, events, contexts)


def test_a_pushed_version_answers_as_it_was_measured(pushed: Pushed) -> None:
    """The champion's version passes its serving gates, row by row."""
    check = replay_version(pushed.layout, "tiny")

    assert (check.version, check.run_id, check.exit_code) == (VERSION, "run-1", ExitCode.DONE)
    assert [(gate.name, gate.outcome) for gate in check.gates] == [("same", Outcome.PASSED)]
    assert check.replay.rows == len(MEASURED)
    assert check.replay.prediction_difference is not None
    assert check.replay.prediction_difference < 1e-6


def test_a_version_that_was_changed_is_found(pushed: Pushed, run_artifacts: Path) -> None:
    """Another model in the version's folder differs, and the row that differs most is named."""
    shutil.rmtree(pushed.served)
    shutil.copytree(run_artifacts / "other/Format-Serving", pushed.served)

    check = replay_version(pushed.layout, "tiny", VERSION)

    assert check.exit_code is ExitCode.MODEL_REFUSED
    assert check.replay.prediction_difference is not None
    assert check.replay.prediction_difference > 0.1
    assert str(check.replay.difference_at).startswith("row ")


def test_an_evaluation_without_scores_says_so(pushed: Pushed) -> None:
    """Where the scores of single rows are gone, there is nothing to compare with."""
    (pushed.evaluation / FILE_NAME).unlink()

    with pytest.raises(ServingReplayError, match=rf"version 100: .*no {FILE_NAME}"):
        replay_version(pushed.layout, "tiny")
