from __future__ import annotations

import json
from pathlib import Path

import pytest
from tfx.components.util import examples_utils
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils
from tfx.types.standard_artifacts import Examples

from components.examples.artifact import describe_examples, find_split, read_row_counts


def test_rows_and_format_are_noted_where_tfx_reads_them() -> None:
    """TFX's own functions give the format back, ours the rows."""
    examples = Examples()
    describe_examples(examples, {"csv": 3, "train": 2, "test": 1})

    assert examples_utils.get_payload_format(examples) == example_gen_pb2.FORMAT_PARQUET
    assert examples_utils.get_file_format(examples) == "FILE_FORMAT_PARQUET"
    assert json.loads(examples.get_string_custom_property("row_counts"))["csv"] == 3
    assert read_row_counts(examples) == {"csv": 3, "train": 2, "test": 1}


def test_a_split_is_a_folder_of_the_artifact(tmp_path: Path) -> None:
    """One that the artifact does not list is refused."""
    examples = Examples()
    examples.uri = str(tmp_path)
    examples.split_names = artifact_utils.encode_split_names(["train"])

    assert find_split(examples, "train") == tmp_path / "Split-train"
    with pytest.raises(ValueError, match="test"):
        find_split(examples, "test")
