"""Anomalies as ExampleValidator publishes them."""

from __future__ import annotations

from pathlib import Path

import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import anomalies_pb2

from components.data_gate.published_anomalies import Anomaly, load_anomalies


def write(directory: Path, split: str, text: str) -> None:
    """Write a split's anomalies where ExampleValidator does."""
    folder = directory / f"Split-{split}"
    folder.mkdir()
    found = text_format.Parse(text, anomalies_pb2.Anomalies())
    (folder / "SchemaDiff.pb").write_bytes(found.SerializeToString())


def test_each_reason_is_an_anomaly(tmp_path: Path) -> None:
    """Of the data as a whole first, then by column; one without a reason is not lost."""
    write(
        tmp_path,
        "train",
        """
        anomaly_info { key: "b" value { description: "odd" } }
        anomaly_info { key: "a" value {
          reason { type: INT_TYPE_BIG_INT description: "too\\n big" }
          reason { type: FEATURE_TYPE_NO_VALUES short_description: "empty" } } }
        dataset_anomaly_info { reason { type: NO_DATA_IN_SPAN description: "none" } }
        """,
    )
    write(tmp_path, "test", "")

    assert load_anomalies(tmp_path, ["train", "test"]) == (
        Anomaly(split="train", feature=None, kind="NO_DATA_IN_SPAN", message="none"),
        Anomaly(split="train", feature="a", kind="INT_TYPE_BIG_INT", message="too big"),
        Anomaly(split="train", feature="a", kind="FEATURE_TYPE_NO_VALUES", message="empty"),
        Anomaly(split="train", feature="b", kind="UNKNOWN_TYPE", message="odd"),
    )


def test_a_split_that_was_not_validated_is_an_error(tmp_path: Path) -> None:
    """No anomalies is an empty file, not none."""
    with pytest.raises(FileNotFoundError):
        load_anomalies(tmp_path, ["train"])
