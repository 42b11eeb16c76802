"""How severe an anomaly is: the ``data_gate:`` part of an environment's YAML; plain Python."""

from __future__ import annotations

import difflib
from typing import Annotated

import pydantic

from components.data_gate.anomaly_kinds import DEFAULTS, UNLISTED_SEVERITY, Severity
from components.frozen_model import FrozenModel


def _check_kind(kind: str) -> str:
    if kind in DEFAULTS:
        return kind
    close = difflib.get_close_matches(kind, DEFAULTS, n=1)
    hint = f", such as {close[0]}" if close else ""
    raise ValueError(f"a kind of anomaly that docs/data-gate.md lists{hint}")


_Severities = dict[Annotated[str, pydantic.AfterValidator(_check_kind)], Severity]


class FeatureSeverity(FrozenModel, strict=True):
    """What is set for one column.

    Attributes:
        severity: Severity of all its anomalies; None leaves them as they are.
        kinds: Severity of its anomalies by kind; goes before ``severity``.
    """

    severity: Severity | None = None
    kinds: _Severities = pydantic.Field(default_factory=dict)


class DataGateSettings(FrozenModel, strict=True):
    """What stops a run, what is reported, and what is ignored.

    Attributes:
        kinds: Severity by kind of anomaly; goes before the defaults.
        features: Severity by column, and by column and kind; goes before ``kinds``.
        training_split: Split that is compared with that of the previous accepted data, and that
            the other splits are compared with.
        min_rows: Minimum of rows of all splits together.
        min_split_rows: Minimum of rows of each split.
        max_offending_rows: How many rows are shown of one finding, 0 to 20.
    """

    kinds: _Severities = pydantic.Field(default_factory=dict)
    features: dict[str, FeatureSeverity] = pydantic.Field(default_factory=dict)
    training_split: Annotated[str, pydantic.Field(min_length=1)] = "train"
    min_rows: pydantic.PositiveInt = 100
    min_split_rows: pydantic.PositiveInt = 10
    max_offending_rows: Annotated[int, pydantic.Field(ge=0, le=20)] = 20


def choose_severity(settings: DataGateSettings, kind: str, feature: str | None) -> Severity:
    """Choose the severity of an anomaly: the most specific setting wins.

    Returns:
        What is set for the column and kind, else the column, else the kind, else by default. A
        kind that is not listed stops the run.
    """
    of_feature = settings.features.get(feature or "") or FeatureSeverity()
    default, _ = DEFAULTS.get(kind, (UNLISTED_SEVERITY, ""))
    return of_feature.kinds.get(kind) or of_feature.severity or settings.kinds.get(kind) or default
