"""Plug the gates into TFX: the component ``ModelValidator``."""

# No `from __future__ import annotations`: TFX's @component reads the annotations as objects.
import dataclasses
from collections import Counter
from pathlib import Path

from tfx.components.evaluator import constants
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types import Artifact, artifact_utils
from tfx.types.standard_artifacts import Examples, Model, ModelBlessing, ModelEvaluation
from tfx.utils import path_utils

from components.evaluator.champion_check import read_misfit
from components.evaluator.evaluation import load_evaluation
from components.evaluator.slice_metrics import Evaluation
from components.model_validator.evidence import Evidence
from components.model_validator.gate_result import GateResult, Outcome
from components.model_validator.gates import Gate, load_gates
from components.model_validator.investigation import gather_evidence, needs_replay
from components.model_validator.judgement import is_blessed, judge
from components.model_validator.paired_change import METHOD
from components.model_validator.serving_replay import ReplayRequest, replay_models
from components.model_validator.settings import ModelValidatorSettings, RowSource
from components.model_validator.validation import (
    ModelReference,
    Validation,
    compare_metrics,
    write_validation,
)


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
    code_version: Parameter[str],
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
        blessing: Where the answer goes.
        gates: The gates, as ``dump_gates`` writes them.
        rows: What to know of the examples: a ``RowSource`` as JSON.
        settings: How to find out: ``ModelValidatorSettings`` as JSON.
        code_version: Version of this folder's code; it makes TFX's cache notice a change.
        baseline_model: The champion that it measured, if there is one.

    Raises:
        ValueError: If the evaluation is empty, or has a baseline where there is no champion or
            none where there is one that fits.
    """
    del code_version
    measured = load_evaluation(Path(evaluation.uri))
    misfit = read_misfit(Path(evaluation.uri))
    _check_baseline(measured, baseline_model, misfit)
    champion = None if misfit else baseline_model
    wanted = load_gates(gates)
    evidence = dataclasses.replace(
        _investigate(
            measured,
            wanted,
            examples,
            training_examples,
            model,
            champion,
            RowSource.model_validate_json(rows),
            ModelValidatorSettings.model_validate_json(settings),
        ),
        champion_misfit=misfit,
    )
    results = judge(measured, wanted, evidence)
    validation = Validation(
        blessed=is_blessed(results),
        summary=_summarize(results, has_champion=champion is not None, misfit=misfit),
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


def _investigate(
    measured: Evaluation,
    gates: tuple[Gate, ...],
    examples: Artifact,
    training_examples: Artifact,
    model: Artifact,
    champion: Artifact | None,
    rows: RowSource,
    settings: ModelValidatorSettings,
) -> Evidence:
    """Replay the models, where a gate asks for it."""
    if not needs_replay(gates, has_champion=champion is not None):
        return Evidence(confidence=settings.confidence)
    requests = [
        _create_request(model, examples, rows, settings).model_copy(
            update={
                "train_files": _list_files(training_examples, rows.train_split),
                "label": rows.label,
                "columns": rows.columns,
                "attributes": rows.attributes,
            }
        )
    ]
    # The same artifact has the same answers: a run whose candidate is the champion already.
    is_same = champion is not None and champion.uri == model.uri
    if champion is not None and not is_same:
        requests.append(_create_request(champion, examples, rows, settings))
    replays = replay_models(requests, settings.timeout_seconds)
    return gather_evidence(
        measured,
        gates,
        replays[0],
        replays[-1] if champion is not None else None,
        settings.confidence,
        rows.threshold,
    )


def _create_request(
    model: Artifact, examples: Artifact, rows: RowSource, settings: ModelValidatorSettings
) -> ReplayRequest:
    return ReplayRequest(
        model_directory=str(
            Path(
                path_utils.serving_model_path(model.uri, path_utils.is_old_model_artifact(model))
            ).absolute()
        ),
        example_files=_list_files(examples, rows.split),
        batch_rows=settings.batch_rows,
        latency_rows=settings.latency_rows,
        max_train_rows=settings.max_train_rows,
    )


def _list_files(examples: Artifact, split: str) -> tuple[str, ...]:
    directory = Path(artifact_utils.get_split_uri([examples], split)).absolute()
    return tuple(str(path) for path in sorted(directory.iterdir()))


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


def _summarize(results: tuple[GateResult, ...], *, has_champion: bool, misfit: str | None) -> str:
    """Say in one line what came out and what the candidate was compared with."""
    counts = Counter(result.outcome for result in results)
    found = ", ".join(
        f"{counts[outcome]} {outcome.value}" for outcome in Outcome if counts[outcome]
    )
    if has_champion:
        return f"{found}; compared with the champion"
    if misfit:
        return f"{found}; the champion can't be compared ({misfit}): absolute gates only"
    return f"{found}; no champion: absolute gates only"


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
