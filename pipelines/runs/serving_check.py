"""Replay the rows that a pushed model was judged on through the folder that serves it now."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from components.evaluator.evaluation import load_evaluation
from components.evaluator.scored_rows import ScoredRows, read_scored_rows
from components.examples.parquet_examples import list_files
from components.frozen_model import FrozenModel
from components.model_validator.evidence import ModelReplay
from components.model_validator.gate_result import GateResult
from components.model_validator.gates import ServingGate, load_gates
from components.model_validator.investigation import gather_evidence
from components.model_validator.judgement import is_blessed, judge
from components.model_validator.settings import ModelValidatorSettings, RowSource
from components.serving.example_records import write_records
from components.serving.replay_client import (
    Replay,
    ReplayError,
    ReplayProcesses,
    ReplayRequest,
)
from pipelines.config.layout import OutputLayout
from pipelines.metadata.run_store import RunStore, open_run_store
from pipelines.records.errors import OperationError
from pipelines.records.exit_code import ExitCode
from pipelines.records.nodes import NodeId
from pipelines.runs.champion import ChampionStore


class ServingCheckError(OperationError):
    """The pushed model can't be checked; one line says why."""


class ServingCheck(FrozenModel):
    """What serving a pushed version is like.

    Attributes:
        run_id: The run that judged its model.
        passed: Whether every serving gate passes.
        gates: The serving gates; those that hold it against a champion have nothing to compare
            with.
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


@dataclasses.dataclass(frozen=True)
class _Judgement:
    """How the model was judged before it was pushed."""

    run_id: str
    evaluation: Path
    examples: Path
    gates: str
    rows: RowSource
    settings: ModelValidatorSettings


def check_serving(
    layout: OutputLayout, pipeline_name: str, version: int | None = None
) -> ServingCheck:
    """Load a pushed version in a fresh process and replay the rows that it was judged on.

    Its answers are compared with the Evaluator's, and it is held against the same serving gates as
    before the push.

    Args:
        version: The version; None for the champion's.

    Raises:
        UsageError: If nothing has run there yet.
        ServingCheckError: If there is no such version, or what it was judged on is gone.
    """
    with open_run_store(layout.metadata_store, pipeline_name) as runs:
        champion = ChampionStore(runs, layout)
        version = version or champion.show().version
        if version is None:
            raise ServingCheckError("there is no champion; push a model, or name a --version")
        judgement = _find_judgement(runs, champion.find_model(version), version)
    measured = load_evaluation(judgement.evaluation)
    gates = [gate for gate in load_gates(judgement.gates) if isinstance(gate, ServingGate)]
    try:
        scored, replay = _replay(layout.serving_root / str(version), judgement)
    except FileNotFoundError as error:
        raise ServingCheckError(f"version {version}: {error}") from error
    evidence = gather_evidence(
        measured,
        gates,
        scored,
        {},
        replay,
        None,
        judgement.settings.confidence,
        judgement.rows.threshold,
    )
    results = judge(measured, gates, evidence)
    return ServingCheck(
        version=version,
        run_id=judgement.run_id,
        passed=is_blessed(results),
        replay=evidence.candidate or ModelReplay(problem="it was not replayed"),
        gates=results,
    )


def _find_judgement(runs: RunStore, model_id: int, version: int) -> _Judgement:
    for execution in runs.list_readers(model_id, "model", NodeId.MODEL_VALIDATOR):
        inputs = {stored.key: stored for stored in runs.list_inputs(execution)}
        evaluation, examples = inputs["evaluation"].path, inputs["examples"].path
        for directory in (evaluation, examples):
            if not directory.is_dir():
                raise ServingCheckError(
                    f"version {version}: what it was judged on is gone: {directory}"
                )
        properties = execution.custom_properties
        return _Judgement(
            run_id=runs.find_run(execution) or "",
            evaluation=evaluation,
            examples=examples,
            gates=properties["gates"].string_value,
            rows=RowSource.model_validate_json(properties["rows"].string_value),
            settings=ModelValidatorSettings.model_validate_json(
                properties["settings"].string_value
            ),
        )
    raise ServingCheckError(
        f"version {version}: no run of {NodeId.MODEL_VALIDATOR} judged its model"
    )


def _replay(
    model_directory: Path, judgement: _Judgement
) -> tuple[ScoredRows, Replay | ReplayError]:
    """Replay the rows that the Evaluator kept the scores of."""
    with ReplayProcesses(1) as processes:
        scored = read_scored_rows(judgement.evaluation)
        records_file = processes.directory / "evaluated.arrow"
        write_records(
            list_files(judgement.examples / f"Split-{judgement.rows.split}"),
            scored.rows,
            records_file,
        )
        request = ReplayRequest(
            model_directory=str(model_directory),
            records_file=str(records_file),
            batch_rows=judgement.settings.batch_rows,
            latency_rows=judgement.settings.latency_rows,
        )
        [replay] = processes.replay([request], judgement.settings.timeout_seconds)
    return scored, replay
