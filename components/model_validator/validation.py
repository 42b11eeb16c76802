"""The model validator's answer, as ``validation.json`` beside the blessing.

This module is plain Python.
"""

from __future__ import annotations

import math
from pathlib import Path

from components.metrics.slice_metrics import Evaluation
from components.model_validator.evidence import ModelReplay, TrivialModel
from components.model_validator.gate_result import GateResult
from components.record import Record

FILE_NAME = "validation.json"


class ModelReference(Record):
    """A model artifact.

    Attributes:
        id: Its id in the metadata store.
    """

    id: int
    uri: str


class MetricComparison(Record):
    """A metric on all rows, beside the champion's; None where it is not a number or not there.

    Attributes:
        value: The candidate's value.
        lower: Lower end of its 95 % interval.
        upper: Upper end of its 95 % interval.
        baseline: The champion's value.
    """

    name: str
    value: float | None
    lower: float | None
    upper: float | None
    baseline: float | None


class Validation(Record):
    """Whether a candidate is blessed, and why.

    Attributes:
        summary: Why or why not, in one line.
        baseline: The champion that it was compared with; None where there was none, and only
            gates that need no champion were applied.
        examples: Rows that both were evaluated on.
        gates: Every gate on every slice that it was applied to.
        champion_misfit: Why the champion could not be compared; None where it could, or there was
            none.
        candidate_replay: The candidate's serving replay; None where no gate asked for one.
        trivial_models: The trivial models; none where no gate asked for a replay.
        interval_method: How the intervals of changes were made, and their confidence.
    """

    blessed: bool
    summary: str
    candidate: ModelReference
    baseline: ModelReference | None
    examples: int
    metrics: tuple[MetricComparison, ...]
    gates: tuple[GateResult, ...]
    champion_misfit: str | None = None
    candidate_replay: ModelReplay | None = None
    champion_replay: ModelReplay | None = None
    trivial_models: tuple[TrivialModel, ...] = ()
    interval_method: str = ""

    @property
    def refusing_gates(self) -> tuple[GateResult, ...]:
        """The results that refuse the model."""
        return tuple(gate for gate in self.gates if gate.is_refusal)

    @property
    def comparison(self) -> str:
        """What the candidate was held against, in a few words."""
        return describe_comparison(self.baseline is not None, self.champion_misfit)


def describe_comparison(has_champion: bool, misfit: str | None) -> str:
    """Say in a few words what a candidate was held against.

    Args:
        misfit: Why the champion could not be compared; None where it could, or there was none.
    """
    if has_champion:
        return "compared with the champion"
    if misfit:
        return f"the champion can't be compared ({misfit}): absolute gates only"
    return "no champion to compare with: absolute gates only"


def compare_metrics(evaluation: Evaluation) -> tuple[MetricComparison, ...]:
    """Lay the candidate's metrics on all rows beside the champion's.

    Returns:
        One row a metric of the candidate, in the order of the evaluation.
    """
    champion = evaluation.find_baseline(evaluation.overall.name)
    baseline = champion.metrics if champion else {}
    return tuple(
        MetricComparison(
            name=name,
            value=_finite_or_none(metric.value),
            lower=metric.lower,
            upper=metric.upper,
            baseline=_finite_or_none(baseline[name].value) if name in baseline else None,
        )
        for name, metric in evaluation.overall.metrics.items()
    )


def write_validation(validation: Validation, directory: Path) -> None:
    """Write ``validation.json``.

    Args:
        directory: Folder of the ``ModelBlessing`` artifact; it must be there.
    """
    text = validation.model_dump_json(indent=2)
    (directory / FILE_NAME).write_text(text + "\n", encoding="utf-8")


def read_validation(directory: Path) -> Validation:
    """Read ``validation.json``.

    Args:
        directory: Folder of a ``ModelBlessing`` artifact of ours.

    Raises:
        FileNotFoundError: If there is none.
        pydantic.ValidationError: If it is not one of this version.
    """
    return Validation.model_validate_json((directory / FILE_NAME).read_text(encoding="utf-8"))


def find_validation(directory: Path) -> Validation | None:
    """Read ``validation.json`` if it is there: the Evaluator's blessing, unused, has none."""
    return read_validation(directory) if (directory / FILE_NAME).is_file() else None


def _finite_or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None
