"""The driver beside TFX's own: the same answer but for how the files are fingerprinted."""

from __future__ import annotations

import datetime
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from ml_metadata.proto import metadata_store_pb2
from tfx.components.example_gen import driver as tfx_driver
from tfx.orchestration import metadata
from tfx.orchestration.portable.data_types import ExecutionInfo
from tfx.proto.orchestration import driver_output_pb2
from tfx.types.standard_artifacts import Examples

from components.csv_example_gen.component import ANY_CSV, DATED_CSV, create_csv_example_gen
from components.csv_example_gen.driver import Driver
from components.problem import DataRefusedError

_FINGERPRINT = "input_fingerprint"


@pytest.fixture
def spans(tmp_path: Path) -> Path:
    """A folder with two spans, of a file each, and a file of no span."""
    for day in ("2015-01-01", "2015-04-01"):
        (tmp_path / day).mkdir()
        (tmp_path / day / "data.csv").write_text("a,b\n1,2\n")
    (tmp_path / "data.csv").write_text("a,b\n1,2\n")
    return tmp_path


def ask(driver_class: Any, folder: Path, **options: Any) -> driver_output_pb2.DriverOutput:
    """Have a driver resolve a node's input."""
    node = create_csv_example_gen(str(folder), "chicago_taxi", {"train": 1}, **options)
    properties = {name: value for name, value in node.exec_properties.items() if value is not None}
    store = metadata.Metadata(metadata_store_pb2.ConnectionConfig())
    return driver_class(store).run(
        ExecutionInfo(exec_properties=properties, output_dict={"examples": [Examples()]})
    )


@pytest.mark.parametrize(
    "options",
    [
        {"input_pattern": ANY_CSV},
        {"input_pattern": DATED_CSV},
        {"input_pattern": DATED_CSV, "span_date": datetime.date(2015, 1, 1)},
    ],
)
def test_answers_as_tfx_own_driver(spans: Path, options: dict[str, Any]) -> None:
    """Span, version, pattern and the artifact's properties are the same."""
    ours = ask(Driver, spans, **options)
    theirs = ask(tfx_driver.FileBasedDriver, spans, **options)

    assert len(json.loads(ours.exec_properties[_FINGERPRINT].string_value)) == 1
    for output in (ours, theirs):
        del output.exec_properties[_FINGERPRINT]
        del output.output_artifacts["examples"].artifacts[0].custom_properties[_FINGERPRINT]
    assert ours == theirs


def test_the_fingerprint_is_of_the_content(spans: Path) -> None:
    """A file written again is the same input; another cell is another."""
    read = ask(Driver, spans).exec_properties[_FINGERPRINT].string_value
    (spans / "data.csv").write_text("a,b\n1,2\n")
    assert ask(Driver, spans).exec_properties[_FINGERPRINT].string_value == read

    (spans / "data.csv").write_text("a,b\n1,3\n")
    assert ask(Driver, spans).exec_properties[_FINGERPRINT].string_value != read


def test_the_fingerprint_tells_each_file(spans: Path) -> None:
    """It is the SHA-256 of each file of the span by its name."""
    read = ask(Driver, spans, input_pattern=DATED_CSV).exec_properties[_FINGERPRINT].string_value

    content = (spans / "2015-04-01/data.csv").read_bytes()
    assert json.loads(read) == {"2015-04-01/data.csv": hashlib.sha256(content).hexdigest()}


def test_a_folder_without_files_is_refused(tmp_path: Path) -> None:
    """The data is refused, in one line with the place that was looked at."""
    with pytest.raises(DataRefusedError, match="no file of that name"):
        ask(Driver, tmp_path)
