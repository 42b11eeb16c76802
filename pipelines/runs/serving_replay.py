"""The serving replay of a pushed version: the rows that it was judged on, through its folder."""

from __future__ import annotations

from components.errors import OperationError
from components.evaluator.scored_rows import read_scored_rows
from components.examples.parquet_examples import list_files
from components.frozen_model import FrozenModel
from components.metrics.evaluation import read_evaluation
from components.model_validator.evidence import Evidence
from components.model_validator.gate_result import GateResult
from components.model_validator.gates import ServingGate, load_gates
from components.model_validator.investigation import compare_replay, replay_models
from components.model_validator.judgement import is_blessed, judge
from components.model_validator.settings import ModelValidatorSettings, RowSource
from components.record_file import UnreadableRecordError
from components.serving.model_replay import ModelReplay
from components.serving.replay_client import ReplayProcesses
from pipelines.config.layout import OutputLayout
from pipelines.metadata.run_store import RunStore, StoredExecution, open_run_store
from pipelines.records.exit_code import ExitCode
from pipelines.records.nodes import NodeId
from pipelines.runs.champion import ChampionStore


class ServingReplayError(OperationError):
    """The pushed version can't be replayed; one line says why."""


class ServingReplay(FrozenModel):
    """What serving a pushed version is like.

    Attributes:
        run_id: The run that judged its model.
        gates: The serving gates; those that compare with a champion have none to compare with.
    """

    version: int
    run_id: str
    passed: bool
    replay: ModelReplay
    gates: tuple[GateResult, ...]

    @property
    def exit_code(self) -> ExitCode:
        """The exit code of the command."""
        return ExitCode.DONE if self.passed else ExitCode.MODEL_REFUSED


def replay_version(
    layout: OutputLayout, pipeline_name: str, version: int | None = None
) -> ServingReplay:
    """Load a pushed version in a fresh process and replay the rows that it was judged on.

    Its answers are compared with the Evaluator's, and it must pass the same serving gates as before
    the push. None stands for the champion's version.

    Raises:
        UsageError: If nothing has run there yet.
        ServingReplayError: If there is no such version, or what it was judged on is gone.
    """
    with open_run_store(layout.metadata_store, pipeline_name) as runs:
        champion = ChampionStore(runs, layout)
        version = version or champion.show().version
        if version is None:
            raise ServingReplayError("there is no champion; push a model, or name a --version")
        judged = _find_judgement(runs, champion.find_model(version), version)
    inputs = {stored.key: stored.path for stored in judged.inputs}
    for key in ("evaluation", "examples"):
        if not inputs[key].is_dir():
            gone = f"what it was judged on is gone: {inputs[key]}"
            raise ServingReplayError(f"version {version}: {gone}")
    gates, rows, settings = (
        judged.execution.custom_properties[name].string_value
        for name in ("gates", "rows", "settings")
    )
    serving_gates = [gate for gate in load_gates(gates) if isinstance(gate, ServingGate)]
    split = RowSource.model_validate_json(rows).split
    try:
        measured = read_evaluation(inputs["evaluation"])
        scored = read_scored_rows(inputs["evaluation"])
        files = list_files(inputs["examples"] / f"Split-{split}")
    except (FileNotFoundError, UnreadableRecordError) as error:
        raise ServingReplayError(f"version {version}: {error}") from error
    directories = [layout.serving_root / str(version)]
    replay_settings = ModelValidatorSettings.model_validate_json(settings)
    with ReplayProcesses(1) as processes:
        [replay] = replay_models(processes, directories, files, scored, replay_settings)
    facts = compare_replay(replay, scored, scored.candidate)
    results = judge(measured, serving_gates, Evidence(candidate=facts)) if serving_gates else ()
    return ServingReplay(
        version=version,
        run_id=judged.run_id or "",
        passed=is_blessed(results) if serving_gates else facts.problem is None,
        replay=facts,
        gates=results,
    )


def _find_judgement(runs: RunStore, model_id: int, version: int) -> StoredExecution:
    """Find the newest execution that judged a model, before it was pushed as a version."""
    for execution in runs.list_readers(model_id, "model", NodeId.MODEL_VALIDATOR):
        return runs.read_execution(execution)
    raise ServingReplayError(
        f"version {version}: no run of {NodeId.MODEL_VALIDATOR} judged its model"
    )
