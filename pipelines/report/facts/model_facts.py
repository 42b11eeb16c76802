"""Gather what is told of a run's model from its artifacts: no TFMA, no TensorFlow."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import pydantic

from components.metrics.digest import EvaluationDigest, MeasuredSlice, ModelMeasures, find_digest
from components.model_validator.gate_result import GateResult
from components.model_validator.settings import RowSource
from components.model_validator.validation import MetricComparison, Validation, find_validation
from components.trainer.history import HISTORY_FILE
from pipelines.metadata.run_store import StoredArtifact
from pipelines.records.nodes import NodeId
from pipelines.report.facts.data_facts import find_output
from pipelines.report.model.model_report import (
    Epoch,
    FairnessReport,
    ModelCurves,
    ModelReport,
    SliceReport,
    TrainingReport,
)

_FAIRNESS_KIND = "fairness"
_SORTED_BY = "log_loss"

_Content = TypeVar("_Content")


def collect_model(
    outputs: Mapping[str, Sequence[StoredArtifact]], rows: RowSource, notes: list[str]
) -> ModelReport | None:
    """Gather what is told of the model.

    Args:
        rows: What ModelValidator is told of the examples: split, threshold, attributes.
        notes: Gets a sentence for what can't be shown.

    Returns:
        The model; None where none was trained.
    """
    if find_output(outputs, NodeId.TRAINER, "model") is None:
        return None
    evaluation = find_output(outputs, NodeId.EVALUATOR, "evaluation")
    blessing = find_output(outputs, NodeId.MODEL_VALIDATOR, "blessing")
    digest = _read("evaluation's digest", find_digest, evaluation, notes)
    validation = _read("validation", find_validation, blessing, notes)
    slices = _report_slices(digest, validation, rows) if digest else ()
    return ModelReport(
        training=_report_training(find_output(outputs, NodeId.TRAINER, "model_run"), notes),
        threshold=rows.threshold,
        evaluated_split=rows.split,
        candidate=_report_curves("candidate", digest.candidate) if digest else None,
        champion=(
            _report_curves("champion", digest.champion) if digest and digest.champion else None
        ),
        slices=slices,
        fairness=tuple(_report_fairness(slices, validation, rows)),
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
    except pydantic.ValidationError:
        notes.append(f"the {what} is of another version: {stored.artifact.uri}")
        return None
    if content is None:
        notes.append(f"the {what} is gone: {stored.artifact.uri}")
    return content


def read_history(path: Path) -> TrainingReport:
    """Read the history that the Trainer left.

    Args:
        path: Its CSV file, a line an epoch.

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
        raise ValueError(f"{path}: got no epoch, expected a line for each")
    return TrainingReport(
        epochs=epochs, best_epoch=min(epochs, key=lambda epoch: epoch.validation_log_loss).number
    )


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


def _report_curves(name: str, measures: ModelMeasures) -> ModelCurves:
    return ModelCurves(name=name, thresholds=measures.thresholds, calibration=measures.calibration)


def _report_slices(
    digest: EvaluationDigest, validation: Validation | None, rows: RowSource
) -> tuple[SliceReport, ...]:
    champion = {
        (part.column, part.column_value): part
        for part in (digest.champion.slices if digest.champion else ())
    }
    gates: dict[str, list[GateResult]] = {}
    for gate in validation.gates if validation else ():
        gates.setdefault(gate.slice, []).append(gate)
    reports = [
        SliceReport(
            column=part.column,
            column_value=part.column_value or "",
            is_group=part.column in rows.attributes,
            examples=part.examples,
            metrics=_compare(part, champion.get((part.column, part.column_value))),
            gates=tuple(gates.get(f"{part.column}={part.column_value}", ())),
        )
        for part in digest.candidate.slices
        if part.column is not None
    ]
    return tuple(sorted(reports, key=_rank))


def _rank(part: SliceReport) -> tuple[float, str]:
    metric = part.find_metric(_SORTED_BY)
    return (math.inf if metric is None or metric.value is None else -metric.value), part.name


def _compare(part: MeasuredSlice, champion: MeasuredSlice | None) -> tuple[MetricComparison, ...]:
    baseline = champion.metrics if champion else {}
    return tuple(
        MetricComparison(
            name=name,
            value=metric.value,
            lower=metric.lower,
            upper=metric.upper,
            baseline=baseline[name].value if name in baseline else None,
        )
        for name, metric in part.metrics.items()
    )


def _report_fairness(
    slices: Sequence[SliceReport], validation: Validation | None, rows: RowSource
) -> Iterator[FairnessReport]:
    judged = [
        gate for gate in (validation.gates if validation else ()) if gate.kind == _FAIRNESS_KIND
    ]
    for attribute in rows.attributes:
        yield FairnessReport(
            attribute=attribute,
            groups=tuple(part for part in slices if part.column == attribute),
            gaps=tuple(gate for gate in judged if gate.slice == attribute),
        )
