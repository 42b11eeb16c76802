"""The model validator's answer, as ``validation.json`` beside the blessing; plain Python."""

from __future__ import annotations

from pathlib import Path

import pydantic

from components.metrics.evaluation import MetricComparison
from components.model_validator.evidence import TrivialModel
from components.model_validator.gate_result import GateResult
from components.record import Record
from components.record_file import find_record
from components.serving.model_replay import ModelReplay

FILE_NAME = "validation.json"
FORMAT_VERSION = 2
"""Version 2 has ``incompatible_champion`` where version 1 had ``champion_misfit``."""


class ModelReference(Record):
    """A model artifact, by its id in the metadata store."""

    id: int
    uri: str


class Validation(Record):
    """Whether a candidate is blessed, and why.

    Attributes:
        baseline: The champion that it was compared with; None where there was none, and only
            gates that need no champion were applied.
        examples: Rows that both were evaluated on.
        gates: Every gate on every slice that it was applied to.
        incompatible_champion: Why the champion could not be compared; None where it could, or there
            was none.
        candidate_replay: None where no gate asked for one, as for the champion's.
        trivial_models: Empty where no gate asked for more than the metrics.
        interval_method: How the intervals of changes were made, and their confidence.
    """

    blessed: bool
    summary: str
    candidate: ModelReference
    baseline: ModelReference | None
    examples: int
    metrics: tuple[MetricComparison, ...]
    gates: tuple[GateResult, ...]
    incompatible_champion: str | None = None
    candidate_replay: ModelReplay | None = None
    champion_replay: ModelReplay | None = None
    trivial_models: tuple[TrivialModel, ...] = ()
    interval_method: str = ""
    format_version: int = FORMAT_VERSION

    @pydantic.model_validator(mode="before")
    @classmethod
    def _read_version_1(cls, values: object) -> object:
        if not isinstance(values, dict):
            return values
        return {"incompatible_champion": values.get("champion_misfit"), **values}

    @pydantic.computed_field  # type: ignore[prop-decorator]  # mypy knows no such property
    @property
    def champion_misfit(self) -> str | None:
        """The name of ``incompatible_champion`` in version 1, for its readers."""
        return self.incompatible_champion

    @property
    def refusing_gates(self) -> tuple[GateResult, ...]:
        """The results that refuse the model."""
        return tuple(gate for gate in self.gates if gate.is_refusal)

    @property
    def comparison(self) -> str:
        """What the candidate was compared with, in a few words."""
        return describe_comparison(self.baseline is not None, self.incompatible_champion)


def describe_comparison(has_champion: bool, incompatible: str | None) -> str:
    """Describe in a few words what a candidate was compared with, or why it was not."""
    if has_champion:
        return "compared with the champion"
    if incompatible:
        return f"the champion can't be compared ({incompatible}): absolute gates only"
    return "no champion to compare with: absolute gates only"


def find_validation(directory: Path) -> Validation | None:
    """Read ``validation.json``, if a ``ModelBlessing`` has one: the Evaluator's, unused, has none.

    Raises:
        UnreadableRecordError: If it is not one of this version.
    """
    return find_record(Validation, directory / FILE_NAME)
