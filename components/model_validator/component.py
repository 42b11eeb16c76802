"""Plug the gates into TFX: the component ``ModelValidator``."""

# No `from __future__ import annotations`: TFX's @component reads the annotations as objects.
import dataclasses
from collections import Counter
from pathlib import Path

from tfx.components.evaluator import constants
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types import Artifact
from tfx.types.standard_artifacts import Examples, Model, ModelBlessing, ModelEvaluation
from tfx.utils import path_utils

from components.evaluator.champion_check import read_misfit
from components.evaluator.evaluation import load_evaluation
from components.evaluator.scored_rows import read_scored_rows
from components.examples.artifact import find_split
from components.examples.parquet_examples import list_files
from components.examples.row_digest import sample_rows
from components.metrics.paired_change import METHOD
from components.metrics.slice_metrics import Evaluation
from components.model_validator.evidence import Evidence
from components.model_validator.gate_result import GateResult, Outcome
from components.model_validator.gates import Gate, load_gates
from components.model_validator.investigation import gather_evidence, needs_replay
from components.model_validator.judgement import is_blessed, judge
from components.model_validator.settings import ModelValidatorSettings, RowSource
from components.model_validator.validation import (
    ModelReference,
    Validation,
    compare_metrics,
    describe_comparison,
    write_validation,
)
from components.serving.example_records import write_records
from components.serving.replay_client import ReplayProcesses, ReplayRequest


@component
def ModelValidator(  # noqa: N802  # TFX names the component after the function
    evaluation: InputArtifact[ModelEvaluation],
    examples: InputArtifact[Examples],
    training_examples: InputArtifact[Examples],
    model: InputArtifact[Model],
    blessing: OutputArtifact[ModelBlessing],
    gates: Parameter[str],
    rows: Parameter[str],
    settings: Parameter[str],
    baseline_model: InputArtifact[Model] = None,
) -> None:
    """Bless the candidate if it passes every gate, and say why or why not.

    The blessing has the custom properties and the file of TFX's own Evaluator, so Pusher and
    ``LatestBlessedModelStrategy`` understand it; ``validation.json`` beside it has the reasons.

    Args:
        evaluation: What the Evaluator measured.
        examples: The raw examples that it measured on.
        training_examples: The raw examples that the candidate was trained on.
        model: The candidate that it measured.
        gates: The gates, as ``dump_gates`` writes them.
        rows: What to know of the examples: a ``RowSource`` as JSON.
        settings: How to find out: ``ModelValidatorSettings`` as JSON.
        baseline_model: The champion that it measured, if there is one.

    Raises:
        ValueError: If the evaluation is empty, or has a baseline where there is no champion or
            none where there is one that fits.
    """
    misfit = read_misfit(Path(evaluation.uri))
    champion = None if misfit else baseline_model
    wanted = load_gates(gates)
    replayed = _list_replayed(wanted, model, champion)
    how = ModelValidatorSettings.model_validate_json(settings)
    # The processes import TensorFlow while this one reads and encodes.
    with ReplayProcesses(len(replayed)) as processes:
        measured = load_evaluation(Path(evaluation.uri))
        _check_baseline(measured, baseline_model, misfit)
        evidence = Evidence(confidence=how.confidence)
        if replayed:
            evidence = _investigate(
                measured,
                wanted,
                Path(evaluation.uri),
                examples,
                training_examples,
                replayed,
                champion is not None,
                processes,
                RowSource.model_validate_json(rows),
                how,
            )
    evidence = dataclasses.replace(evidence, champion_misfit=misfit)
    results = judge(measured, wanted, evidence)
    validation = Validation(
        blessed=is_blessed(results),
        summary=f"{_count_outcomes(results)}; {describe_comparison(champion is not None, misfit)}",
        candidate=_refer_to(model),
        baseline=_refer_to(champion) if champion else None,
        examples=measured.overall.examples,
        metrics=compare_metrics(measured),
        gates=results,
        champion_misfit=misfit,
        candidate_replay=evidence.candidate,
        champion_replay=evidence.champion,
        trivial_models=evidence.trivial,
        interval_method=f"{METHOD}, {evidence.confidence:.0%}",
    )
    directory = Path(blessing.uri)
    directory.mkdir(parents=True, exist_ok=True)
    write_validation(validation, directory)
    _bless(blessing, validation)


def _list_replayed(
    gates: tuple[Gate, ...], model: Artifact, champion: Artifact | None
) -> list[Artifact]:
    """List the models to replay, the candidate first; none where no gate asks for it."""
    if not needs_replay(gates, has_champion=champion is not None):
        return []
    # The same artifact has the same answers: a run whose candidate is the champion already.
    is_same = champion is not None and champion.uri == model.uri
    return [model] if champion is None or is_same else [model, champion]


def _investigate(
    measured: Evaluation,
    gates: tuple[Gate, ...],
    evaluation_directory: Path,
    examples: Artifact,
    training_examples: Artifact,
    replayed: list[Artifact],
    has_champion: bool,
    processes: ReplayProcesses,
    rows: RowSource,
    settings: ModelValidatorSettings,
) -> Evidence:
    """Replay the models on the rows that the Evaluator kept the scores of."""
    scored = read_scored_rows(evaluation_directory)
    records_file = processes.directory / "evaluated.arrow"
    train_records_file = processes.directory / "train.arrow"
    columns = write_records(
        list_files(find_split(examples, rows.split)),
        scored.rows,
        records_file,
        tuple(rows.columns),
    )
    train_paths = list_files(find_split(training_examples, rows.train_split))
    train_rows = sample_rows(train_paths, settings.max_train_rows)
    write_records(train_paths, train_rows, train_records_file)
    requests = [
        ReplayRequest(
            model_directory=str(_find_served(artifact)),
            records_file=str(records_file),
            batch_rows=settings.batch_rows,
            latency_rows=settings.latency_rows,
        )
        for artifact in replayed
    ]
    requests[0] = requests[0].model_copy(
        update={
            "train_records_file": str(train_records_file),
            "label": rows.label,
            "attributes": rows.attributes,
        }
    )
    replays = processes.replay(requests, settings.timeout_seconds)
    return gather_evidence(
        measured,
        gates,
        scored,
        columns,
        replays[0],
        replays[-1] if has_champion else None,
        settings.confidence,
        rows.threshold,
    )


def _find_served(model: Artifact) -> Path:
    is_old = path_utils.is_old_model_artifact(model)
    return Path(path_utils.serving_model_path(model.uri, is_old)).absolute()


def _check_baseline(
    measured: Evaluation, baseline_model: Artifact | None, misfit: str | None
) -> None:
    has_metrics = measured.baseline is not None
    has_model = baseline_model is not None and misfit is None
    if has_metrics != has_model:
        raise ValueError(
            f"baseline model given: {has_model}, baseline evaluated: {has_metrics}; Evaluator and "
            "ModelValidator must get the same baseline_model"
        )


def _count_outcomes(results: tuple[GateResult, ...]) -> str:
    counts = Counter(result.outcome for result in results)
    return ", ".join(f"{counts[outcome]} {outcome.value}" for outcome in Outcome if counts[outcome])


def _refer_to(model: Artifact) -> ModelReference:
    return ModelReference(id=model.id, uri=model.uri)


def _bless(blessing: Artifact, validation: Validation) -> None:
    """Mark the blessing as TFX's Evaluator does."""
    blessed = validation.blessed
    file_name = constants.BLESSED_FILE_NAME if blessed else constants.NOT_BLESSED_FILE_NAME
    Path(blessing.uri, file_name).touch()
    blessing.set_int_custom_property(
        constants.ARTIFACT_PROPERTY_BLESSED_KEY,
        constants.BLESSED_VALUE if blessed else constants.NOT_BLESSED_VALUE,
    )
    blessing.set_string_custom_property(
        constants.ARTIFACT_PROPERTY_CURRENT_MODEL_URI_KEY, validation.candidate.uri
    )
    blessing.set_int_custom_property(
        constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY, validation.candidate.id
    )
    if validation.baseline:
        blessing.set_string_custom_property(
            constants.ARTIFACT_PROPERTY_BASELINE_MODEL_URI_KEY, validation.baseline.uri
        )
        blessing.set_int_custom_property(
            constants.ARTIFACT_PROPERTY_BASELINE_MODEL_ID_KEY, validation.baseline.id
        )
