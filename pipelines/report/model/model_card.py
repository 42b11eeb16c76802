"""The model card: what the model is, for whom, from what, and how good (Mitchell et al., 2019).

Metrics, slices and gates are not repeated here: the card shows those of the same report.
"""

from __future__ import annotations

from components.data_gate.findings import LabelCount
from components.frozen_model import FrozenModel
from pipelines.records.about import About


class InputColumn(FrozenModel):
    """A column that the model takes.

    Attributes:
        transformations: What the model gets of it, a few words per transformation.
    """

    name: str
    unit: str
    meaning: str
    transformations: tuple[str, ...]


class ModelCard(FrozenModel):
    """The model card.

    Attributes:
        about: From the configuration when the run was compiled; None for a run that was compiled
            before it was kept.
        label: What the label is, in one sentence.
        settings: Settings of model and training, as text by name.
        labels: Rows and positives by split; empty where DataGate did not get that far.
        pushed_version: Version under ``serving/``; None where it was not pushed.
        known_limits: What this run itself shows as a limit: slices too small to judge, gates that
            were inconclusive, columns close to their drift limit; one sentence each.
    """

    about: About | None
    task: str
    label: str
    inputs: tuple[InputColumn, ...]
    settings: dict[str, str]
    labels: tuple[LabelCount, ...]
    pushed_version: int | None
    model_uri: str | None
    known_limits: tuple[str, ...]
