"""The artifact that carries the gate's verdict."""

from __future__ import annotations

from tfx.types.artifact import Artifact

from components.data_gate.findings import ARTIFACT_TYPE


class DataVerdictArtifact(Artifact):
    """Holds ``verdict.json``: whether the data may go on, and why."""

    TYPE_NAME = ARTIFACT_TYPE
