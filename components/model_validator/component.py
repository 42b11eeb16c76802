"""Plug the gates into TFX: the component ``ModelValidator``."""

# No `from __future__ import annotations`: TFX's @component reads the annotations as objects.
from collections import Counter
from pathlib import Path

from tfx.components.evaluator import constants
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types import Artifact
from tfx.types.standard_artifacts import Model, ModelBlessing, ModelEvaluation

from components.model_validator.evaluation import load_evaluation
from components.model_validator.gates import load_gates
from components.model_validator.judgement import GateResult, Outcome, is_blessed, judge
from components.model_validator.metrics import Evaluation
from components.model_validator.validation import (
    ModelReference,
    Validation,
    compare_metrics,
    write_validation,
)


@component
def ModelValidator(  # noqa: N802  # TFX names the component after the function
    evaluation: InputArtifact[ModelEvaluation],
    model: InputArtifact[Model],
    blessing: OutputArtifact[ModelBlessing],
    gates: Parameter[str],
    code_version: Parameter[str],
    baseline_model: InputArtifact[Model] = None,
) -> None:
    """Bless the candidate if it passes every gate, and say why or why not.

    The blessing has the custom properties and the file of TFX's own Evaluator, so Pusher and
    ``LatestBlessedModelStrategy`` understand it; ``validation.json`` beside it has the reasons.

    Args:
        evaluation: What the Evaluator measured.
        model: The candidate that it measured.
        blessing: Where the answer goes.
        gates: The gates, as ``dump_gates`` writes them.
        code_version: Version of this folder's code; it makes TFX's cache notice a change.
        baseline_model: The champion that it measured, if there is one.

    Raises:
        ValueError: If the evaluation is empty, or has a baseline where there is no champion or
            none where there is one.
    """
    del code_version
    measured = load_evaluation(Path(evaluation.uri))
    _check_baseline(measured, baseline_model)
    results = judge(measured, load_gates(gates))
    validation = Validation(
        blessed=is_blessed(results),
        summary=_summarize(results, has_champion=baseline_model is not None),
        candidate=_refer_to(model),
        baseline=_refer_to(baseline_model) if baseline_model else None,
        examples=measured.overall.examples,
        metrics=compare_metrics(measured),
        gates=results,
    )
    directory = Path(blessing.uri)
    directory.mkdir(parents=True, exist_ok=True)
    write_validation(validation, directory)
    _bless(blessing, validation)


def _check_baseline(measured: Evaluation, baseline_model: Artifact | None) -> None:
    has_metrics, has_model = measured.baseline is not None, baseline_model is not None
    if has_metrics != has_model:
        raise ValueError(
            f"baseline model given: {has_model}, baseline evaluated: {has_metrics}; Evaluator and "
            "ModelValidator must get the same baseline_model"
        )


def _summarize(results: tuple[GateResult, ...], *, has_champion: bool) -> str:
    """Say in one line what came out and what the candidate was compared with."""
    counts = Counter(result.outcome for result in results)
    found = ", ".join(
        f"{counts[outcome]} {outcome.value}" for outcome in Outcome if counts[outcome]
    )
    compared = "compared with the champion" if has_champion else "no champion: absolute gates only"
    return f"{found}; {compared}"


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
