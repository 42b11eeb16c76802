"""The serving replay of a pushed version: the rows that it was judged on, through its folder."""

from __future__ import annotations

import dataclasses
from pathlib import Path

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
from pipelines.metadata.run_store import RunStore, open_run_store
from pipelines.records.errors import OperationError
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


@dataclasses.dataclass(frozen=True)
class _Judgement:
    """How the model was judged before it was pushed."""

    run_id: str
    evaluation: Path
    examples: Path
    gates: str
    rows: RowSource
    settings: ModelValidatorSettings


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
        judgement = _find_judgement(runs, champion.find_model(version), version)
    gates = [gate for gate in load_gates(judgement.gates) if isinstance(gate, ServingGate)]
    try:
        measured = read_evaluation(judgement.evaluation)
        scored = read_scored_rows(judgement.evaluation)
        files = list_files(judgement.examples / f"Split-{judgement.rows.split}")
    except (FileNotFoundError, UnreadableRecordError) as error:
        raise ServingReplayError(f"version {version}: {error}") from error
    with ReplayProcesses(1) as processes:
        [replay] = replay_models(
            processes, [layout.serving_root / str(version)], files, scored, judgement.settings
        )
    facts = compare_replay(replay, scored, scored.candidate)
    results = judge(measured, gates, Evidence(candidate=facts)) if gates else ()
    return ServingReplay(
        version=version,
        run_id=judgement.run_id,
        passed=is_blessed(results) if gates else facts.problem is None,
        replay=facts,
        gates=results,
    )


def _find_judgement(runs: RunStore, model_id: int, version: int) -> _Judgement:
    for execution in runs.list_readers(model_id, "model", NodeId.MODEL_VALIDATOR):
        inputs = {stored.key: stored for stored in runs.list_inputs(execution)}
        evaluation, examples = inputs["evaluation"].path, inputs["examples"].path
        for directory in (evaluation, examples):
            if not directory.is_dir():
                raise ServingReplayError(
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
    raise ServingReplayError(
        f"version {version}: no run of {NodeId.MODEL_VALIDATOR} judged its model"
    )
