"""Find out what the gates need to know beside the Evaluator's metrics.

This module is plain Python and NumPy; what needs TensorFlow is done by ``serving_replay`` in
another process.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from components.evaluator.scored_rows import ScoredRows
from components.examples.row_digest import order_rows
from components.metrics.grouped_metrics import compute_metric
from components.metrics.metric_names import ScoreMetric
from components.metrics.paired_change import Change, PairedScores, estimate_changes
from components.metrics.slice_metrics import Evaluation, SliceMetrics
from components.model_validator.evidence import Evidence, ModelReplay, TrivialModel
from components.model_validator.gates import ChangeGate, Gate, ServingGate, TrivialGate
from components.model_validator.trivial_models import predict_by_trivial_models
from components.serving.replay_client import Array, Replay, ReplayError
from components.serving.replay_comparison import (
    Difference,
    find_largest_difference,
    find_other_label,
)
from components.serving.slice_columns import SliceColumn


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
    scored: ScoredRows,
    columns: Mapping[str, SliceColumn],
    candidate: Replay | ReplayError,
    champion: Replay | ReplayError | None,
    confidence: float,
    threshold: float,
) -> Evidence:
    """Gather what the replays tell.

    Args:
        scored: The rows that were replayed, as the Evaluator measured them.
        columns: Their slices by raw column.
        candidate: The candidate's replay, or why there is none; without training rows it leaves
            the trivial models out.
        champion: The champion's, or why there is none; None where there is no champion.
        confidence: Confidence of the intervals.
        threshold: A row counts as positive where its probability is above it.
    """
    if isinstance(candidate, ReplayError):
        return Evidence(candidate=ModelReplay(problem=str(candidate)), confidence=confidence)
    slices = {**columns, **candidate.slices}
    order = order_rows(scored.digests)
    changes: dict[tuple[ScoreMetric, str], Change | None] = {}
    thinned: dict[str, int] = {}
    if isinstance(champion, Replay):
        scores = PairedScores(scored.labels, candidate.probabilities, champion.probabilities)
        parts = _list_changing_slices(evaluation, gates)
        rows = {part.name: _find_rows(part, slices, order) for part, _ in parts}
        if scored.rows.size < evaluation.overall.examples:
            thinned = {name: found.size for name, found in rows.items()}
        changes = {
            (metric, part.name): change
            for part, metrics in parts
            if rows[part.name].size
            for metric, change in estimate_changes(
                scores.select(rows[part.name]), metrics, confidence, threshold
            ).items()
        }
    return Evidence(
        candidate=_report(candidate, scored, scored.candidate),
        champion=_report(champion, scored, scored.champion) if champion is not None else None,
        changes=changes,
        thinned_slices=thinned,
        trivial=_measure_trivial_models(candidate, scored.labels, order, confidence, threshold),
        confidence=confidence,
    )


def _report(
    replay: Replay | ReplayError, scored: ScoredRows, measured: Array | None
) -> ModelReplay:
    """Report a model's replay, compared with its evaluation."""
    if isinstance(replay, ReplayError):
        return ModelReplay(problem=str(replay))
    difference = _compare(replay, scored, measured)
    return ModelReplay(
        **replay.measures.model_dump(),
        prediction_difference=difference.value,
        difference_at=difference.where,
    )


def _compare(replay: Replay, scored: ScoredRows, measured: Array | None) -> Difference:
    if measured is None:
        return Difference(None, "the Evaluator kept no scores of it")
    if replay.evaluated is not None:
        other = find_other_label(scored.rows, scored.labels, replay.evaluated.labels)
        if other is not None:
            return other
    return find_largest_difference(scored.rows, measured, replay.probabilities)


def _list_changing_slices(
    evaluation: Evaluation, gates: Sequence[Gate]
) -> list[tuple[SliceMetrics, list[ScoreMetric]]]:
    """List the slices whose change a gate will ask for, each with the metrics of it."""
    wanted: dict[str, tuple[SliceMetrics, list[ScoreMetric]]] = {}
    for gate in gates:
        if isinstance(gate, ChangeGate):
            for part in _list_judged_slices(evaluation, gate):
                wanted.setdefault(part.name, (part, []))[1].append(gate.metric)
    return list(wanted.values())


def _find_rows(
    part: SliceMetrics, slices: Mapping[str, SliceColumn], order: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """List the replayed rows of a slice, in order; none where the replay has no such column."""
    if part.column is None:
        return order
    if part.column not in slices:
        return np.zeros(0, np.int64)
    return order[np.isin(order, slices[part.column].find_rows(part.column_value or ""))]


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
    candidate: Replay,
    labels: Array,
    order: npt.NDArray[np.int64],
    confidence: float,
    threshold: float,
) -> tuple[TrivialModel, ...]:
    """Measure the trivial models; none without training rows, or with a single row."""
    if candidate.train is None or candidate.evaluated is None:
        return ()
    predictions = predict_by_trivial_models(candidate.train, candidate.evaluated)
    models = []
    for name, probabilities in predictions.items():
        scores = PairedScores(labels, candidate.probabilities, probabilities).select(order)
        change = estimate_changes(scores, ["log_loss"], confidence, threshold)["log_loss"]
        if change is None:
            return ()
        auc = compute_metric("auc", scores.labels, scores.other, threshold)
        models.append(
            TrivialModel(
                name=name,
                log_loss=compute_metric("log_loss", scores.labels, scores.other, threshold),
                auc=auc if math.isfinite(auc) else None,
                change=change.value,
                lower=change.lower,
                upper=change.upper,
            )
        )
    return tuple(models)
