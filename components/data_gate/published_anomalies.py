"""The anomalies that ExampleValidator published; they stay as they are.

It reads the protos alone: neither TFDV nor TensorFlow is imported.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from tensorflow_metadata.proto.v0.anomalies_pb2 import Anomalies, AnomalyInfo

from components.record import Record

FILE_NAME = "SchemaDiff.pb"


class Anomaly(Record):
    """One reason of one anomaly in one split, by TFDV's name and description, in one line.

    The feature is None for the data as a whole.
    """

    split: str
    feature: str | None
    kind: str
    message: str


def load_anomalies(directory: Path, splits: Sequence[str]) -> tuple[Anomaly, ...]:
    """Load an ``ExampleAnomalies`` artifact by split and column, the data as a whole first.

    Raises:
        FileNotFoundError: If a split has none.
    """
    return tuple(
        anomaly
        for split in splits
        for anomaly in _list_anomalies(directory / f"Split-{split}" / FILE_NAME, split)
    )


def _list_anomalies(path: Path, split: str) -> Iterator[Anomaly]:
    found = Anomalies.FromString(path.read_bytes())
    of_data = [(None, found.dataset_anomaly_info)] if found.HasField("dataset_anomaly_info") else []
    for feature, info in [*of_data, *sorted(found.anomaly_info.items())]:
        # An anomaly without a reason has an unknown kind; it is never ignored.
        unknown = AnomalyInfo.Reason(
            description=info.description, short_description=info.short_description
        )
        for reason in info.reason or [unknown]:
            message = " ".join((reason.description or reason.short_description).split())
            yield Anomaly(split=split, feature=feature, kind=_name(reason.type), message=message)


def _name(kind: int) -> str:
    """Name a kind; one newer than this proto has only a number."""
    known = AnomalyInfo.Type.values()
    return str(AnomalyInfo.Type.Name(kind)) if kind in known else f"KIND_{kind}"
