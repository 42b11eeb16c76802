"""Transform a file of raw examples to one of transformed examples."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from components.examples.parquet_examples import (
    SUFFIX,
    ParquetWriter,
    list_files,
    list_row_groups,
    read_row_group,
)
from components.transform.transform_graph import TransformGraph


@dataclasses.dataclass(frozen=True)
class ExampleFile:
    """A file to transform, and the one to write; small, so that it can be an element of Beam.

    Attributes:
        source: File of raw examples.
        target: File to write; its folder is there.
    """

    source: str
    target: str


def plan_files(source: Path, target: Path) -> list[ExampleFile]:
    """Name a file to write for each that there is.

    Args:
        source: Folder of a split's raw examples.
        target: Folder of its transformed ones; made if missing.

    Returns:
        The files, in order.

    Raises:
        FileNotFoundError: If there are none.
    """
    target.mkdir(parents=True, exist_ok=True)
    sources = list_files(source)
    return [
        ExampleFile(
            path,
            str(target / f"transformed_examples-{index:05d}-of-{len(sources):05d}{SUFFIX}"),
        )
        for index, path in enumerate(sources)
    ]


def transform_file(graph: TransformGraph, file: ExampleFile) -> None:
    """Transform a file, a row group at a time; the new one appears whole or not at all."""
    unfinished = f"{file.target}.unfinished"
    writer = ParquetWriter(unfinished, graph.schema)
    for group in list_row_groups([file.source]):
        writer.write(graph.transform(read_row_group(group, graph.columns)))
    writer.close()
    Path(unfinished).replace(file.target)


def check_rows(split: str, raw_rows: int, transformed_rows: int) -> None:
    """Check that no row was lost or doubled.

    Raises:
        RuntimeError: If so.
    """
    if raw_rows != transformed_rows:
        raise RuntimeError(
            f"split {split!r}: {raw_rows} raw rows gave {transformed_rows} transformed ones"
        )
