"""Find out what the gates need to know beside the Evaluator's metrics.

This module is plain Python and NumPy; what needs TensorFlow is done by ``serving_replay`` in
another process.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from components.evaluator.metric_names import ScoreMetric
from components.evaluator.slice_metrics import Evaluation, SliceMetrics
from components.model_validator.evidence import Evidence, ModelReplay, TrivialModel
from components.model_validator.gates import ChangeGate, Gate, ServingGate, TrivialGate
from components.model_validator.paired_change import Change, PairedScores, estimate_changes
from components.model_validator.replay_comparison import find_largest_difference, find_slice_rows
from components.model_validator.serving_replay import (
    Array,
    LabeledFeatures,
    Replay,
    ReplayError,
    SliceColumn,
)
from components.model_validator.trivial_models import predict_by_trivial_models
from components.model_validator.weighted_metrics import compute_metric


def needs_replay(gates: Sequence[Gate], *, has_champion: bool) -> bool:
    """Say whether any gate asks for more than the Evaluator's metrics."""
    return any(
        isinstance(gate, ServingGate | TrivialGate)
        or (isinstance(gate, ChangeGate) and has_champion)
        for gate in gates
    )


def gather_evidence(
    evaluation: Evaluation,
    gates: Sequence[Gate],
    candidate: Replay | ReplayError,
    champion: Replay | ReplayError | None,
    confidence: float,
    threshold: float,
) -> Evidence:
    """Gather what the replays tell.

    Args:
        evaluation: What the Evaluator measured.
        gates: What will be asked.
        candidate: The candidate's replay, with labels and slices, or why there is none.
        champion: The champion's, or why there is none; None where there is no champion.
        confidence: Confidence of the intervals.
        threshold: A row counts as positive where its probability is above it.

    Returns:
        The evidence.

    Raises:
        ValueError: If the candidate's replay has no labels.
    """
    if isinstance(candidate, ReplayError):
        return Evidence(candidate=ModelReplay(problem=str(candidate)), confidence=confidence)
    if candidate.evaluated is None:
        raise ValueError("the candidate's replay has no labels; its request must name the label")
    labels, slices = candidate.evaluated.labels, candidate.slices
    champion_report: ModelReplay | None = None
    changes: dict[tuple[ScoreMetric, str], Change | None] = {}
    if champion is not None:
        champion_report = _report(champion, evaluation.baseline or (), labels, slices)
    if isinstance(champion, Replay):
        scores = PairedScores(labels, candidate.probabilities, champion.probabilities)
        changes = _find_changes(evaluation, gates, slices, scores, confidence, threshold)
    return Evidence(
        candidate=_report(candidate, evaluation.candidate, labels, slices),
        champion=champion_report,
        changes=changes,
        trivial=_measure_trivial_models(candidate, candidate.evaluated, confidence, threshold),
        confidence=confidence,
    )


def _report(
    replay: Replay | ReplayError,
    parts: Sequence[SliceMetrics],
    labels: Array,
    slices: Mapping[str, SliceColumn],
) -> ModelReplay:
    """Report a model's replay, compared with its evaluation."""
    if isinstance(replay, ReplayError):
        return ModelReplay(problem=str(replay))
    difference = find_largest_difference(parts, labels, replay.probabilities, slices)
    return ModelReplay(
        **replay.measures.model_dump(),
        prediction_difference=difference.value,
        difference_at=difference.where,
    )


def _find_changes(
    evaluation: Evaluation,
    gates: Sequence[Gate],
    slices: Mapping[str, SliceColumn],
    scores: PairedScores,
    confidence: float,
    threshold: float,
) -> dict[tuple[ScoreMetric, str], Change | None]:
    """Estimate every change that a gate will ask for."""
    wanted: dict[str, tuple[SliceMetrics, list[ScoreMetric]]] = {}
    for gate in gates:
        if isinstance(gate, ChangeGate):
            for part in _list_judged_slices(evaluation, gate):
                wanted.setdefault(part.name, (part, []))[1].append(gate.metric)
    changes: dict[tuple[ScoreMetric, str], Change | None] = {}
    for name, (part, metrics) in wanted.items():
        rows = find_slice_rows(part, slices, scores.labels.size)
        if rows.any():
            found = estimate_changes(scores.select(rows), metrics, confidence, threshold)
            changes |= {(metric, name): change for metric, change in found.items()}
    return changes


def _list_judged_slices(evaluation: Evaluation, gate: ChangeGate) -> Sequence[SliceMetrics]:
    if not gate.slice_columns:
        return [evaluation.overall]
    return [
        part
        for column in gate.slice_columns
        for part in evaluation.find_slices(column)
        if part.examples >= gate.min_examples
    ]


def _measure_trivial_models(
    candidate: Replay, evaluated: LabeledFeatures, confidence: float, threshold: float
) -> tuple[TrivialModel, ...]:
    """Measure the trivial models; none without training rows, or with a single row."""
    if candidate.train is None:
        return ()
    models = []
    for name, probabilities in predict_by_trivial_models(candidate.train, evaluated).items():
        scores = PairedScores(evaluated.labels, candidate.probabilities, probabilities)
        change = estimate_changes(scores, ["log_loss"], confidence, threshold)["log_loss"]
        if change is None:
            return ()
        auc = compute_metric("auc", evaluated.labels, probabilities, threshold)
        models.append(
            TrivialModel(
                name=name,
                log_loss=compute_metric("log_loss", evaluated.labels, probabilities, threshold),
                auc=auc if math.isfinite(auc) else None,
                change=change.value,
                lower=change.lower,
                upper=change.upper,
            )
        )
    return tuple(models)
