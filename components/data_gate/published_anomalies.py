"""Read the anomalies that ExampleValidator published; they stay as they are.

It reads the protos alone: neither TFDV nor TensorFlow is imported.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from tensorflow_metadata.proto.v0 import anomalies_pb2

FILE_NAME = "SchemaDiff.pb"


@dataclasses.dataclass(frozen=True)
class PublishedAnomaly:
    """One reason of one anomaly in one split.

    Attributes:
        feature: Column at fault; None for the data as a whole.
        kind: TFDV's name of the anomaly.
        description: What TFDV says of it, in one line.
    """

    split: str
    feature: str | None
    kind: str
    description: str


def load_anomalies(directory: Path, splits: Sequence[str]) -> tuple[PublishedAnomaly, ...]:
    """Load an ``ExampleAnomalies`` artifact.

    Returns:
        Every reason of every anomaly, by split and column; those of the data as a whole first.

    Raises:
        FileNotFoundError: If a split has none.
    """
    return tuple(
        anomaly
        for split in splits
        for anomaly in _list_anomalies(
            anomalies_pb2.Anomalies.FromString(
                (directory / f"Split-{split}" / FILE_NAME).read_bytes()
            ),
            split,
        )
    )


def _list_anomalies(found: anomalies_pb2.Anomalies, split: str) -> list[PublishedAnomaly]:
    of_data = [(None, found.dataset_anomaly_info)] if found.HasField("dataset_anomaly_info") else []
    return [
        PublishedAnomaly(split, feature, _name(kind), " ".join(description.split()))
        for feature, info in [*of_data, *sorted(found.anomaly_info.items())]
        for kind, description in _list_reasons(info)
    ]


def _list_reasons(info: anomalies_pb2.AnomalyInfo) -> list[tuple[int, str]]:
    """List an anomaly's reasons; one without any is a reason of unknown kind, never nothing."""
    reasons = [
        (reason.type, reason.description or reason.short_description) for reason in info.reason
    ]
    unknown = anomalies_pb2.AnomalyInfo.UNKNOWN_TYPE
    return reasons or [(unknown, info.description or info.short_description)]


def _name(kind: int) -> str:
    """Name a kind; one newer than this proto has a number only."""
    known = anomalies_pb2.AnomalyInfo.Type.values()
    return str(anomalies_pb2.AnomalyInfo.Type.Name(kind)) if kind in known else f"KIND_{kind}"
