"""The component TrainingWindow, on artifacts as CsvExampleGen writes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from tfx.components.example_gen import utils as example_gen_utils
from tfx.components.util import examples_utils
from tfx.proto import example_gen_pb2
from tfx.types.artifact import Artifact
from tfx.types.standard_artifacts import Examples

from components.examples.artifact import ROW_COUNTS_PROPERTY
from components.examples.parquet_examples import (
    FILE_FORMAT,
    ParquetWriter,
    list_files,
    read_flat_batches,
)
from components.training_window.component import SPANS_PROPERTY, TrainingWindow

SPLITS = ("train", "validation")


def _create_examples(directory: Path, span: int, rows: dict[str, int]) -> Artifact:
    examples = Examples()
    examples.uri = str(directory)
    examples.set_int_custom_property(example_gen_utils.SPAN_PROPERTY_NAME, span)
    examples.set_string_custom_property(ROW_COUNTS_PROPERTY, json.dumps({"csv": 99, **rows}))
    for split, count in rows.items():
        path = directory / f"Split-{split}" / "data_parquet-00000-of-00001.parquet"
        path.parent.mkdir(parents=True)
        batch = pa.RecordBatch.from_pydict({"span": pa.array([span] * count, pa.int64())})
        writer = ParquetWriter(str(path), batch.schema)
        writer.write(batch)
        writer.close()
    return examples


def _gather(directory: Path, examples: Artifact, earlier: list[Artifact]) -> Artifact:
    """Run the component's executor."""
    window = Examples()
    window.uri = str(directory / "window")
    inputs: dict[str, Any] = {"examples": [examples]}
    if earlier:
        inputs["earlier_examples"] = earlier
    properties = {"splits": json.dumps(SPLITS)}
    TrainingWindow.EXECUTOR_SPEC.executor_class().Do(inputs, {"window": [window]}, properties)
    return window


def _count_rows(window: Artifact, split: str) -> dict[int, int]:
    """Count a split's rows of each span as the components after it find them."""
    counted: dict[int, int] = {}
    for batch in read_flat_batches(list_files(Path(window.uri, f"Split-{split}"))):
        for span in batch["span"].to_pylist():
            counted[span] = counted.get(span, 0) + 1
    return counted


def test_the_window_holds_the_rows_of_every_span(tmp_path: Path) -> None:
    """The window's splits are read like any other examples, and hold each span's rows."""
    first = _create_examples(tmp_path / "1", 15706, {"train": 5, "validation": 2, "test": 3})
    second = _create_examples(tmp_path / "2", 15796, {"train": 7, "validation": 1, "test": 4})

    window = _gather(tmp_path, second, [first])

    assert _count_rows(window, "train") == {15706: 5, 15796: 7}
    assert _count_rows(window, "validation") == {15706: 2, 15796: 1}
    assert not (tmp_path / "window/Split-test").exists()


def test_the_window_says_what_is_in_it(tmp_path: Path) -> None:
    """Its properties tell splits, rows and spans, the oldest first."""
    first = _create_examples(tmp_path / "1", 15706, {"train": 5, "validation": 2})
    second = _create_examples(tmp_path / "2", 15796, {"train": 7, "validation": 1})

    window = _gather(tmp_path, second, [first])

    assert json.loads(window.split_names) == list(SPLITS)
    rows = json.loads(window.get_string_custom_property(ROW_COUNTS_PROPERTY))
    assert rows == {"train": 12, "validation": 3}
    spans = json.loads(window.get_string_custom_property(SPANS_PROPERTY))
    assert spans == ["2013-01-01", "2013-04-01"]
    assert examples_utils.get_payload_format(window) == example_gen_pb2.FORMAT_PARQUET
    assert examples_utils.get_file_format(window) == FILE_FORMAT


def test_data_without_a_span_is_a_window_of_itself(tmp_path: Path) -> None:
    """Where the whole data is read, it alone is trained on."""
    whole = _create_examples(tmp_path / "1", 0, {"train": 5, "validation": 2})

    window = _gather(tmp_path, whole, [])

    assert _count_rows(window, "train") == {0: 5}
    assert json.loads(window.get_string_custom_property(SPANS_PROPERTY)) == ["whole"]


def test_the_same_span_twice_is_an_error(tmp_path: Path) -> None:
    """No row may count twice."""
    first = _create_examples(tmp_path / "1", 15706, {"train": 5, "validation": 2})
    again = _create_examples(tmp_path / "2", 15706, {"train": 5, "validation": 2})

    with pytest.raises(ValueError, match=r"2013-01-01.*each of them once"):
        _gather(tmp_path, again, [first])
