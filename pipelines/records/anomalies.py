"""Read the anomalies that ExampleValidator published, without TFDV."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tensorflow_metadata.proto.v0 import anomalies_pb2

from components.record import Record

_FILE_NAME = "SchemaDiff.pb"


class Anomaly(Record):
    """One anomaly of one feature in one split.

    Attributes:
        kind: TFDV's name of the anomaly.
        message: What TFDV says of it.
    """

    split: str
    feature: str
    kind: str
    message: str


def read_anomalies(directory: Path, split_names: Sequence[str]) -> tuple[Anomaly, ...]:
    """Read an ``ExampleAnomalies`` artifact.

    Returns:
        Every anomaly, by split and feature.
    """
    return tuple(
        anomaly
        for split in split_names
        for anomaly in _read_split(directory / f"Split-{split}" / _FILE_NAME, split)
    )


def _read_split(path: Path, split: str) -> list[Anomaly]:
    anomalies = anomalies_pb2.Anomalies.FromString(path.read_bytes())
    return [
        Anomaly(
            split=split,
            feature=feature,
            kind=anomalies_pb2.AnomalyInfo.Type.Name(reason.type),
            message=reason.description or reason.short_description,
        )
        for feature, info in sorted(anomalies.anomaly_info.items())
        for reason in info.reason
    ]
