"""How severe an anomaly is: the ``data_gate:`` part of an environment's YAML.

This module is plain Python: it imports neither TensorFlow, nor TFX, nor TFDV.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Annotated

import pydantic

from components.data_gate.anomaly_kinds import DEFAULTS, UNLISTED_SEVERITY, Severity
from components.frozen_model import FrozenModel


def _know_the_kind(kind: str) -> str:
    if kind in DEFAULTS:
        return kind
    close = difflib.get_close_matches(kind, DEFAULTS, n=1)
    hint = f", such as {close[0]}" if close else ""
    raise ValueError(f"a kind of anomaly that docs/data-gate.md lists{hint}")


KindName = Annotated[str, pydantic.AfterValidator(_know_the_kind)]


class FeatureSeverity(FrozenModel, strict=True):
    """What is set for one column.

    Attributes:
        severity: Severity of all its anomalies; None leaves them as they are.
        kinds: Severity of its anomalies of one kind; goes before ``severity``.
    """

    severity: Severity | None = None
    kinds: dict[KindName, Severity] = pydantic.Field(default_factory=dict)


class DataGateSettings(FrozenModel, strict=True):
    """What stops a run, what is reported, and what is passed over.

    Attributes:
        kinds: Severity by kind of anomaly; goes before the defaults.
        features: Severity by column, and by column and kind; goes before ``kinds``.
        training_split: Split that is compared with that of the previous accepted data, and that
            the other splits are compared with.
        min_rows: Fewest rows of all splits together.
        min_split_rows: Fewest rows of each split.
        max_offending_rows: Most rows shown of one finding, 0 to 20.
    """

    kinds: dict[KindName, Severity] = pydantic.Field(default_factory=dict)
    features: dict[str, FeatureSeverity] = pydantic.Field(default_factory=dict)
    training_split: Annotated[str, pydantic.Field(min_length=1)] = "train"
    min_rows: pydantic.PositiveInt = 100
    min_split_rows: pydantic.PositiveInt = 10
    max_offending_rows: Annotated[int, pydantic.Field(ge=0, le=20)] = 20


def choose_severity(
    settings: DataGateSettings,
    kind: str,
    feature: str | None,
    defaults: Mapping[str, tuple[Severity, str]] = DEFAULTS,
) -> Severity:
    """Choose the severity of an anomaly: what is set for the least wins.

    Args:
        kind: Kind of the anomaly, TFDV's or ours.
        feature: Column that it is of; None for the data as a whole.
        defaults: Severity of each kind for which nothing is set.

    Returns:
        What is set for the column and kind, else the column, else the kind, else by default. A
        kind that no one has heard of stops the run.
    """
    of_feature = settings.features.get(feature, FeatureSeverity()) if feature else None
    if of_feature and kind in of_feature.kinds:
        return of_feature.kinds[kind]
    if of_feature and of_feature.severity:
        return of_feature.severity
    if kind in settings.kinds:
        return settings.kinds[kind]
    return defaults[kind][0] if kind in defaults else UNLISTED_SEVERITY


def dump_settings(settings: DataGateSettings) -> str:
    """Write the settings as JSON, to pass them through TFX."""
    return settings.model_dump_json()


def load_settings(text: str) -> DataGateSettings:
    """Read what ``dump_settings`` wrote.

    Raises:
        pydantic.ValidationError: If it is not such settings.
    """
    return DataGateSettings.model_validate_json(text)
