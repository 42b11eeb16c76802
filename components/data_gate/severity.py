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
        kinds: Severity of its anomalies by kind; overrides ``severity``.
    """

    severity: Severity | None = None
    kinds: _Severities = pydantic.Field(default_factory=dict)


class DataGateSettings(FrozenModel, strict=True):
    """What stops a run, what is reported, and what is ignored.

    Attributes:
        kinds: Severity by kind of anomaly; overrides the defaults.
        features: Severity by column, and by column and kind; overrides ``kinds``.
        training_split: Split that is compared with the previous accepted data's, and the other
            splits with it.
        min_rows: Minimum number of rows, all splits together.
        min_split_rows: Minimum number of rows per split.
        max_offending_rows: Rows shown per finding, 0 to 20.
    """

    kinds: _Severities = pydantic.Field(default_factory=dict)
    features: dict[str, FeatureSeverity] = pydantic.Field(default_factory=dict)
    training_split: Annotated[str, pydantic.Field(min_length=1)] = "train"
    min_rows: pydantic.PositiveInt = 100
    min_split_rows: pydantic.PositiveInt = 10
    max_offending_rows: Annotated[int, pydantic.Field(ge=0, le=20)] = 20


def choose_severity(settings: DataGateSettings, kind: str, feature: str | None) -> Severity:
    """Choose an anomaly's severity: the column and kind's, else the column's, else the kind's.

    Otherwise it is the default; a kind that is not listed stops the run.
    """
    of_feature = settings.features.get(feature or "") or FeatureSeverity()
    default, _ = DEFAULTS.get(kind, (UNLISTED_SEVERITY, ""))
    return of_feature.kinds.get(kind) or of_feature.severity or settings.kinds.get(kind) or default
