"""Severities: the table is complete, and the configuration goes before it."""

from __future__ import annotations

import pydantic
import pytest
from tensorflow_metadata.proto.v0 import anomalies_pb2

from components.data_gate.anomaly_kinds import OWN_KINDS, TFDV_KINDS
from components.data_gate.severity import (
    DataGateSettings,
    FeatureSeverity,
    choose_severity,
)

SETTINGS = DataGateSettings(
    kinds={"DRIFT_HIGH": "warning", "SCHEMA_NEW_COLUMN": "error"},
    features={
        "company": FeatureSeverity(severity="ignore", kinds={"DRIFT_HIGH": "error"}),
        "fare": FeatureSeverity(kinds={"FLOAT_TYPE_BIG_FLOAT": "warning"}),
    },
)


def test_every_kind_of_tfdvs_has_a_severity() -> None:
    """The table lists what tensorflow_metadata knows, no more and no less."""
    assert set(TFDV_KINDS) == set(anomalies_pb2.AnomalyInfo.Type.keys())
    assert not set(TFDV_KINDS) & set(OWN_KINDS)


@pytest.mark.parametrize(
    ("kind", "feature", "expected"),
    [
        ("DRIFT_HIGH", "company", "error"),
        ("SPLIT_SKEW_HIGH", "company", "ignore"),
        ("DRIFT_HIGH", "fare", "warning"),
        ("FLOAT_TYPE_BIG_FLOAT", "fare", "warning"),
        ("FLOAT_TYPE_BIG_FLOAT", "tips", "error"),
        ("SCHEMA_NEW_COLUMN", None, "error"),
        ("COMPARATOR_LOW_NUM_EXAMPLES", None, "warning"),
        ("SEMANTIC_DOMAIN_UPDATE", "company", "ignore"),
    ],
)
def test_what_is_set_for_the_least_wins(kind: str, feature: str | None, expected: str) -> None:
    """Column and kind, then column, then kind, then the default."""
    assert choose_severity(SETTINGS, kind, feature) == expected


def test_an_unheard_of_kind_stops_the_run() -> None:
    """A newer TFDV may find what this table does not know."""
    assert choose_severity(DataGateSettings(), "KIND_99", "fare") == "error"


def test_a_misspelt_kind_is_refused() -> None:
    """The error names one that is close."""
    with pytest.raises(pydantic.ValidationError, match="such as DRIFT_HIGH"):
        DataGateSettings(kinds={"DRIFT_HIHG": "error"})


@pytest.mark.parametrize(
    "values",
    [
        {"kind": {}},
        {"kinds": {"DRIFT_HIGH": "fatal"}},
        {"features": {"fare": {"kindz": {}}}},
        {"min_rows": 0},
        {"min_rows": "100"},
        {"max_offending_rows": 21},
    ],
)
def test_what_does_not_fit_is_refused(values: dict[str, object]) -> None:
    """Unknown keys, unknown severities and numbers out of range are errors."""
    with pytest.raises(pydantic.ValidationError):
        DataGateSettings.model_validate(values)


def test_settings_survive_json() -> None:
    """They pass through TFX as text."""
    assert DataGateSettings.model_validate_json(SETTINGS.model_dump_json()) == SETTINGS
