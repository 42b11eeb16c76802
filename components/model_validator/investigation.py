"""Find out what the gates need to know beside the Evaluator's metrics; plain Python and NumPy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from components.evaluator.scored_rows import ScoredRows
from components.examples.row_digest import order_rows
from components.metrics.binary_metrics import Array, Integers, summarize_rows
from components.metrics.evaluation import Change, Evaluation, Slice
from components.metrics.metric_names import ScoreMetric
from components.metrics.paired_change import PairedScores, estimate_change
from components.model_validator.evidence import TrivialModel
from components.model_validator.gates import ChangeGate, Gate, ServingGate, TrivialGate, TrivialName
from components.model_validator.settings import ModelValidatorSettings
from components.serving.example_records import write_records
from components.serving.model_replay import ModelReplay
from components.serving.replay_client import Replay, ReplayError, ReplayProcesses, ReplayRequest
from components.serving.replay_comparison import (
    Difference,
    find_largest_difference,
    find_other_label,
)

Changes = dict[tuple[ScoreMetric, str], Change | None]


def needs_evidence(gates: Sequence[Gate], *, has_champion: bool) -> bool:
    """Tell whether any gate asks for more than the Evaluator's metrics."""
    return needs_replay(gates) or any(
        isinstance(gate, TrivialGate) or (isinstance(gate, ChangeGate) and has_champion)
        for gate in gates
    )


def needs_replay(gates: Sequence[Gate]) -> bool:
    """Tell whether any gate asks for the serving replay."""
    return any(isinstance(gate, ServingGate) for gate in gates)


def measure_changes(
    evaluation: Evaluation,
    gates: Sequence[Gate],
    scored: ScoredRows,
    confidence: float,
    threshold: float,
) -> tuple[Changes, dict[str, int]]:
    """Measure the changes from the champion that gates ask for, on the rows with scores kept.

    Returns:
        The change by metric and slice; and, where not all rows' scores were kept, the rows of each
        slice whose were.
    """
    if scored.champion is None:
        return {}, {}
    scores = PairedScores(scored.labels, scored.candidate, scored.champion)
    order = order_rows(scored.digests)
    changes: Changes = {}
    kept: dict[str, int] = {}
    for gate in (gate for gate in gates if isinstance(gate, ChangeGate)):
        for part in evaluation.select_slices(gate.slice_columns):
            if part.column is not None and part.examples < gate.min_examples:
                continue
            rows = _find_rows(part, scored, order)
            kept[part.name] = rows.size
            if rows.size:
                changes[gate.metric, part.name] = estimate_change(
                    scores.select(rows), gate.metric, confidence, threshold
                )
    return changes, kept if scored.rows.size < evaluation.overall.examples else {}


def measure_trivial_models(
    scored: ScoredRows,
    predictions: Mapping[TrivialName, Array],
    confidence: float,
    threshold: float,
) -> tuple[TrivialModel, ...]:
    """Measure trivial models, by their probabilities, [rows]; none where there is a single row."""
    order = order_rows(scored.digests)
    models = []
    for name, probabilities in predictions.items():
        scores = PairedScores(scored.labels, scored.candidate, probabilities).select(order)
        change = estimate_change(scores, "log_loss", confidence, threshold)
        if change is None:
            return ()
        rows = summarize_rows(scores.labels, scores.other, threshold)
        models.append(
            TrivialModel(
                name=name,
                **rows.compute_metrics(["log_loss", "auc"]),
                change=change.value,
                lower=change.lower,
                upper=change.upper,
            )
        )
    return tuple(models)


def replay_models(
    processes: ReplayProcesses,
    model_directories: Sequence[Path],
    example_files: Sequence[str],
    scored: ScoredRows,
    settings: ModelValidatorSettings,
    label: str | None = None,
) -> list[Replay | ReplayError]:
    """Replay models on the rows whose scores the Evaluator kept.

    Args:
        model_directories: Folders of SavedModels, one per process; without any, nothing is done.
        example_files: Files of the evaluated split, in order.
        label: Name of the label, which the first model gives; None to leave it out.
    """
    if not model_directories:
        return []
    records_file = processes.directory / "evaluated.arrow"
    write_records(example_files, scored.rows, records_file)
    requests = [
        ReplayRequest(
            model_directory=str(directory),
            records_file=str(records_file),
            label=None if number else label,
            batch_rows=settings.batch_rows,
            latency_rows=settings.latency_rows,
        )
        for number, directory in enumerate(model_directories)
    ]
    return processes.replay(requests, settings.timeout_seconds)


def compare_replay(
    replay: Replay | ReplayError, scored: ScoredRows, measured: Array | None
) -> ModelReplay:
    """Compare a model's serving replay with the Evaluator's probabilities of it, row by row."""
    if isinstance(replay, ReplayError):
        return ModelReplay(problem=str(replay))
    if measured is None:
        difference = Difference(None, "the Evaluator kept no scores of it")
    else:
        labels = scored.labels if replay.labels is None else replay.labels
        other = find_other_label(scored.rows, scored.labels, labels)
        difference = other or find_largest_difference(scored.rows, measured, replay.probabilities)
    return replay.measures.model_copy(
        update={"prediction_difference": difference.value, "difference_at": difference.where}
    )


def _find_rows(part: Slice, scored: ScoredRows, order: Integers) -> Integers:
    """List the scored rows of a slice, in order; none where its column was not kept."""
    if part.column is None:
        return order
    if part.column not in scored.slices:
        return order[:0]
    inside = scored.slices[part.column].find_rows(part.column_value or "")
    return order[np.isin(order, inside)]
