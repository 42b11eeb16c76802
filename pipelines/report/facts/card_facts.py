"""Write the model card, from the configuration and the run itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from components.model_validator.gate_result import Outcome
from pipelines.records.nodes import NodeId
from pipelines.records.run_summary import RunSummary
from pipelines.report.model.data_report import DataReport, measure_use
from pipelines.report.model.model_card import InputColumn, ModelCard
from pipelines.runs.recorded_run import RecordedRun
from schemas.feature_table import (
    Feature,
    FeatureTable,
    IntegerRange,
    Label,
    Numeric,
    ShareLabel,
    Steps,
    Transformation,
    Vocabulary,
)

_CLOSE_TO_LIMIT = 0.8
_TRAINER_SETTINGS = "custom_config.settings."
_GATE_LIMITS = {
    Outcome.TOO_SMALL: ("has too few rows to be judged", "have too few rows to be judged"),
    Outcome.INCONCLUSIVE: (
        "lies too close to its limit to be sure of",
        "lie too close to their limits to be sure of",
    ),
    Outcome.NO_BASELINE: 2 * ("had no champion to be compared with",),
}
"""Outcomes of gates that are a limit of the model, in words for one slice and for several."""


def write_card(
    run: RecordedRun,
    settings: Mapping[str, str],
    summary: RunSummary,
    data: DataReport | None,
    table: FeatureTable | None,
) -> ModelCard | None:
    """Write the model card; None where no model was trained.

    Args:
        settings: The Trainer's parameters, key by key.
        table: The task's feature table; None where the task is not known any more.
    """
    model = run.find_output(NodeId.TRAINER, "model")
    if model is None:
        return None
    return ModelCard(
        about=run.description.about,
        task=table.task if table else "",
        label=describe_label(table.label) if table else "",
        inputs=tuple(map(_describe_input, table.inputs)) if table else (),
        settings={
            name.removeprefix(_TRAINER_SETTINGS): value
            for name, value in settings.items()
            if name.startswith(_TRAINER_SETTINGS)
        },
        labels=summary.data.labels if summary.data else (),
        pushed_version=summary.pushed_version,
        model_uri=model.artifact.uri,
        known_limits=tuple(_find_limits(summary, data)),
    )


def describe_label(label: Label) -> str:
    """Describe a label in one sentence."""
    if isinstance(label, ShareLabel):
        return (
            f"{label.name}: 1 where {label.part} is more than {label.share_percent} % of "
            f"{label.whole}, both in units of {label.unit:g}; 0 otherwise"
        )
    return f"{label.name}: the column {label.column} as it stands, 0 or 1"


def describe_transformation(transformation: Transformation) -> str:
    """Describe in a few words what the model gets of a column."""
    if isinstance(transformation, Numeric):
        scaled = "log(1 + x) scaled" if transformation.log else "scaled"
        parts = [f"{scaled} to mean 0, variance 1"]
        if transformation.buckets:
            parts.append(f"{transformation.buckets} quantile buckets")
        return " and ".join(parts)
    if isinstance(transformation, Vocabulary):
        count = transformation.min_count
        at_least = f", of at least {count} rows" if count > 1 else ""
        return f"index of the {transformation.max_size} most frequent values{at_least}"
    if isinstance(transformation, IntegerRange):
        return f"index from {transformation.low} to {transformation.high}"
    if isinstance(transformation, Steps):
        height = transformation.units_per_step * transformation.unit
        return f"step of {height:g}, and how far into it, up to step {transformation.last_step}"
    raise TypeError(f"no words for {type(transformation).__name__}")


def _describe_input(feature: Feature) -> InputColumn:
    return InputColumn(
        name=feature.name,
        unit=feature.unit,
        meaning=feature.meaning,
        transformations=tuple(map(describe_transformation, feature.transformations)),
    )


def _find_limits(summary: RunSummary, data: DataReport | None) -> Iterator[str]:
    for outcome, (of_one, of_many) in _GATE_LIMITS.items():
        slices: dict[str, list[str]] = {}
        for gate in summary.gates:
            if gate.outcome is outcome:
                slices.setdefault(gate.name, []).append(gate.slice)
        for name, (first, *others) in slices.items():
            yield f"{name}: " + (
                f"{len(others) + 1} slices {of_many}" if others else f"{first} {of_one}"
            )
    for feature in data.features if data else ():
        worst = feature.worst_comparison
        if worst is not None and measure_use(worst) >= _CLOSE_TO_LIMIT:
            yield (
                f"{feature.name}: {worst.basis} {worst.distance.value:.3g} from {worst.reference}, "
                f"close to or above its limit of {worst.limit:g}"
            )
