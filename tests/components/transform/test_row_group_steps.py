"""Row groups go through Beam to an analysis, files to transformed files."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from pathlib import Path

import apache_beam as beam
import numpy as np
import pytest
import tensorflow_transform as tft
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to

from components.examples.parquet_examples import (
    ParquetWriter,
    list_files,
    list_row_groups,
    read_flat_batches,
)
from components.transform.analysis import Analysis
from components.transform.row_group_steps import AnalyzeRowGroups, TransformFiles, plan_files
from tests.tiny_task import ANALYZED, TABLE, Row, create_batch, create_columns


def write_files(directory: Path, *files: Sequence[Row]) -> list[str]:
    """Write each file's rows."""
    directory.mkdir()
    for number, rows in enumerate(files):
        batch = create_batch(rows)
        writer = ParquetWriter(str(directory / f"{number}.parquet"), batch.schema)
        writer.write(batch)
        writer.close()
    return list_files(directory)


def test_all_row_groups_give_one_analysis(tmp_path: Path) -> None:
    """Moments, boundaries and vocabularies are those of all rows, counted in plain Python."""
    files = write_files(tmp_path / "raw", ANALYZED[:1], ANALYZED[1:4], ANALYZED[4:])
    logarithms = [math.log1p(float(row["price"])) for row in ANALYZED if "price" in row]

    def check(analyses: list[Analysis]) -> None:
        [analysis] = analyses
        moments = analysis.moments["price"]
        assert moments.mean == pytest.approx(statistics.mean(logarithms))
        assert moments.deviation == pytest.approx(statistics.pstdev(logarithms))
        assert analysis.boundaries == {"price": (3.0,)}
        assert analysis.vocabularies == {"city": (b"Oslo", b"Rome")}

    with TestPipeline() as pipeline:
        groups = pipeline | beam.Create(list_row_groups(files))
        assert_that(groups | AnalyzeRowGroups(TABLE), check)


def test_each_file_gives_a_transformed_one(
    tmp_path: Path, transform_output: tft.TFTransformOutput
) -> None:
    """Files keep their order and rows, which are those that plain TFT gives."""
    write_files(tmp_path / "raw", ANALYZED[:4], ANALYZED[4:])
    pairs = plan_files(tmp_path / "raw", tmp_path / "transformed")
    graph = Path(transform_output.transform_savedmodel_dir).parent
    expected = transform_output.transform_features_layer()(create_columns(ANALYZED))

    with TestPipeline() as pipeline:
        assert_that(pipeline | beam.Create(pairs) | TransformFiles(graph), equal_to(pairs))

    assert [Path(target).name for _, target in pairs] == [
        "transformed_examples-00000-of-00002.parquet",
        "transformed_examples-00001-of-00002.parquet",
    ]
    assert list_files(tmp_path / "transformed") == [target for _, target in pairs]
    batches = list(read_flat_batches([target for _, target in pairs]))
    for name, values in expected.items():
        written = np.concatenate([batch.column(name).to_numpy() for batch in batches])
        np.testing.assert_allclose(written, values.numpy(), atol=1e-6)
