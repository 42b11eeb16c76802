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

from components.evaluator.champion_check import read_incompatibility
from components.evaluator.scored_rows import ScoredRows, read_scored_rows
from components.examples.artifact import find_split
from components.examples.parquet_examples import list_files
from components.examples.row_digest import sample_rows
from components.metrics.evaluation import Evaluation, read_evaluation
from components.metrics.paired_change import METHOD
from components.model_validator.evidence import Evidence
from components.model_validator.gate_result import GateResult, Outcome
from components.model_validator.gates import Gate, load_gates
from components.model_validator.investigation import (
    compare_replay,
    measure_changes,
    measure_trivial_models,
    needs_evidence,
    needs_replay,
    replay_models,
)
from components.model_validator.judgement import is_blessed, judge
from components.model_validator.settings import ModelValidatorSettings, RowSource
from components.model_validator.trivial_models import predict_by_trivial_models, transform_rows
from components.model_validator.validation import (
    FILE_NAME,
    ModelReference,
    Validation,
    describe_comparison,
)
from components.record_file import write_record
from components.serving.loaded_model import load_model
from components.serving.replay_client import ReplayProcesses


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
    """Bless the candidate if it passes every gate, and explain why or why not.

    The blessing has the custom properties and the file of TFX's own Evaluator, so Pusher and
    ``LatestBlessedModelStrategy`` understand it; ``validation.json`` beside it has the reasons.

    Args:
        evaluation: What the Evaluator measured.
        examples: The raw examples that it measured on.
        training_examples: The raw examples that the candidate was trained on.
        gates: As ``dump_gates`` writes them.
        rows: What to know about the examples: a ``RowSource`` as JSON.
        settings: ``ModelValidatorSettings`` as JSON.
        baseline_model: The champion that it measured, if there is one.

    Raises:
        ValueError: If the evaluation can't be read, or has a champion where there is none, or none
            where there is a compatible one.
    """
    directory = Path(evaluation.uri)
    reason = read_incompatibility(directory)
    champion = None if reason else baseline_model
    measured = read_evaluation(directory)
    if (measured.champion is None) != (champion is None):
        raise ValueError(
            f"baseline model given: {champion is not None}, baseline evaluated: "
            f"{measured.champion is not None}; Evaluator and ModelValidator must get the same "
            "baseline_model"
        )
    wanted = load_gates(gates)
    how = ModelValidatorSettings.model_validate_json(settings)
    evidence = Evidence(confidence=how.confidence, incompatible_champion=reason)
    if needs_evidence(wanted, has_champion=champion is not None):
        source = RowSource.model_validate_json(rows)
        evidence = _investigate(
            evidence,
            measured,
            wanted,
            read_scored_rows(directory),
            list_files(find_split(examples, source.split)),
            list_files(find_split(training_examples, source.train_split)),
            model,
            champion,
            source,
            how,
        )
    results = judge(measured, wanted, evidence)
    validation = Validation(
        blessed=is_blessed(results),
        summary=f"{_count_outcomes(results)}; {describe_comparison(champion is not None, reason)}",
        candidate=_refer_to(model),
        baseline=_refer_to(champion) if champion else None,
        examples=measured.overall.examples,
        metrics=measured.compare(measured.overall),
        gates=results,
        incompatible_champion=reason,
        candidate_replay=evidence.candidate,
        champion_replay=evidence.champion,
        trivial_models=evidence.trivial,
        interval_method=f"{METHOD}, {evidence.confidence:.0%}",
    )
    write_record(validation, Path(blessing.uri, FILE_NAME))
    _bless(blessing, validation)


def _investigate(
    evidence: Evidence,
    measured: Evaluation,
    gates: tuple[Gate, ...],
    scored: ScoredRows,
    example_files: list[str],
    train_files: list[str],
    model: Artifact,
    champion: Artifact | None,
    source: RowSource,
    settings: ModelValidatorSettings,
) -> Evidence:
    """Find out what the gates ask for on the rows whose scores the Evaluator kept."""
    served = []
    if needs_replay(gates):
        artifacts = [model, champion] if champion else [model]
        # The same artifact has the same answers: the candidate may be the champion already.
        served = list(dict.fromkeys(map(_find_served, artifacts)))
    # The processes import TensorFlow while the trivial models are fitted, and replay afterwards:
    # what else the machine does would show in the latencies.
    with ReplayProcesses(len(served)) as processes:
        candidate = load_model(str(_find_served(model)))
        train_rows = sample_rows(train_files, settings.max_train_rows)
        predictions = predict_by_trivial_models(
            transform_rows(candidate, train_files, train_rows, source.label),
            transform_rows(candidate, example_files, scored.rows, source.label),
        )
        replays = replay_models(processes, served, example_files, scored, settings, source.label)
    precision = settings.confidence, source.threshold
    changes, thinned = measure_changes(measured, gates, scored, *precision)
    return dataclasses.replace(
        evidence,
        candidate=compare_replay(replays[0], scored, scored.candidate) if replays else None,
        champion=(
            compare_replay(replays[-1], scored, scored.champion) if replays and champion else None
        ),
        changes=changes,
        thinned_slices=thinned,
        trivial=measure_trivial_models(scored, predictions, *precision),
    )


def _find_served(model: Artifact) -> Path:
    is_old = path_utils.is_old_model_artifact(model)
    return Path(path_utils.serving_model_path(model.uri, is_old)).absolute()


def _count_outcomes(results: tuple[GateResult, ...]) -> str:
    counts = Counter(result.outcome for result in results)
    return ", ".join(f"{counts[outcome]} {outcome.words}" for outcome in Outcome if counts[outcome])


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
    current = (
        constants.ARTIFACT_PROPERTY_CURRENT_MODEL_URI_KEY,
        constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY,
    )
    baseline = (
        constants.ARTIFACT_PROPERTY_BASELINE_MODEL_URI_KEY,
        constants.ARTIFACT_PROPERTY_BASELINE_MODEL_ID_KEY,
    )
    models = ((current, validation.candidate), (baseline, validation.baseline))
    for (uri_key, id_key), model in models:
        if model is not None:
            blessing.set_string_custom_property(uri_key, model.uri)
            blessing.set_int_custom_property(id_key, model.id)
