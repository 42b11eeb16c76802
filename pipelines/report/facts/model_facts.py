"""Gather the facts about a run's model from its artifacts: no TFMA, no TensorFlow."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from components.metrics.evaluation import Evaluation, ModelMeasures, find_evaluation
from components.model_validator.gate_result import GateResult
from components.model_validator.settings import RowSource
from components.model_validator.validation import find_validation
from components.record_file import UnreadableRecordError
from components.trainer.history import HISTORY_FILE
from pipelines.metadata.run_store import StoredArtifact
from pipelines.records.nodes import NodeId
from pipelines.report.model.model_report import (
    Epoch,
    FairnessReport,
    ModelCurves,
    ModelReport,
    SliceReport,
    TrainingReport,
)
from pipelines.runs.recorded_run import RecordedRun

_Content = TypeVar("_Content")


def collect_model(run: RecordedRun, rows: RowSource, notes: list[str]) -> ModelReport | None:
    """Gather the facts about the model; None where none was trained.

    Args:
        rows: What ModelValidator knows about the examples: split, threshold, attributes.
        notes: Gets a sentence for what can't be shown.
    """
    if run.find_output(NodeId.TRAINER, "model") is None:
        return None
    evaluation = run.find_output(NodeId.EVALUATOR, "evaluation")
    blessing = run.find_output(NodeId.MODEL_VALIDATOR, "blessing")
    evaluated = _read("evaluation's digest", find_evaluation, evaluation, notes)
    validation = _read("validation", find_validation, blessing, notes)
    gates = validation.gates if validation else ()
    slices = _report_slices(evaluated, gates, rows) if evaluated else ()
    return ModelReport(
        training=_report_training(run.find_output(NodeId.TRAINER, "model_run"), notes),
        threshold=rows.threshold,
        evaluated_split=rows.split,
        candidate=_report_curves("candidate", evaluated.candidate) if evaluated else None,
        champion=_report_curves("champion", evaluated.champion) if evaluated else None,
        slices=slices,
        fairness=tuple(
            FairnessReport(
                attribute=attribute,
                groups=tuple(one for one in slices if one.column == attribute),
                gaps=tuple(
                    gate for gate in gates if gate.kind == "fairness" and gate.slice == attribute
                ),
            )
            for attribute in rows.attributes
        ),
        validation=validation,
    )


def _read(
    what: str,
    find: Callable[[Path], _Content | None],
    stored: StoredArtifact | None,
    notes: list[str],
) -> _Content | None:
    """Read a file of an artifact, and note it where it can't be read."""
    if stored is None:
        return None
    try:
        content = find(stored.path)
    except UnreadableRecordError:
        notes.append(f"the {what} is of another version: {stored.artifact.uri}")
        return None
    if content is None:
        notes.append(f"the {what} is gone: {stored.artifact.uri}")
    return content


def read_history(path: Path) -> TrainingReport:
    """Read the Trainer's history, a CSV file with one line per epoch.

    Raises:
        OSError: If it can't be read.
        ValueError: If it has no epoch.
        KeyError: If it is not the Trainer's.
    """
    with path.open(newline="", encoding="utf-8") as file:
        epochs = tuple(
            Epoch(
                number=int(row["epoch"]) + 1,
                loss=float(row["loss"]),
                log_loss=float(row["log_loss"]),
                auc=float(row["auc"]),
                validation_loss=float(row["val_loss"]),
                validation_log_loss=float(row["val_log_loss"]),
                validation_auc=float(row["val_auc"]),
                learning_rate=float(row["lr"]),
            )
            for row in csv.DictReader(file)
        )
    if not epochs:
        raise ValueError(f"{path}: got no epoch, expected one line per epoch")
    best = min(epochs, key=lambda epoch: epoch.validation_log_loss)
    return TrainingReport(epochs=epochs, best_epoch=best.number)


def _report_training(run: StoredArtifact | None, notes: list[str]) -> TrainingReport | None:
    path = run.path / HISTORY_FILE if run else None
    if path is None or not path.is_file():
        notes.append(f"the training history is gone: {path or 'the Trainer left none'}")
        return None
    try:
        return read_history(path)
    except (ValueError, KeyError):
        notes.append(f"the training history is of another version: {path}")
        return None


def _report_curves(name: str, measures: ModelMeasures | None) -> ModelCurves | None:
    if measures is None:
        return None
    return ModelCurves(name=name, thresholds=measures.thresholds, calibration=measures.calibration)


def _report_slices(
    evaluation: Evaluation, gates: Sequence[GateResult], rows: RowSource
) -> tuple[SliceReport, ...]:
    by_slice: dict[str, list[GateResult]] = {}
    for gate in gates:
        by_slice.setdefault(gate.slice, []).append(gate)
    reports = [
        SliceReport(
            column=part.column,
            column_value=part.column_value or "",
            is_group=part.column in rows.attributes,
            examples=part.examples,
            metrics=evaluation.compare(part),
            gates=tuple(by_slice.get(part.name, ())),
        )
        for part in evaluation.candidate.slices
        if part.column is not None
    ]
    return tuple(sorted(reports, key=_rank))


def _rank(part: SliceReport) -> tuple[float, str]:
    metric = part.find_metric("log_loss")
    return (math.inf if metric is None or metric.value is None else -metric.value), part.name
