"""Rows are reconciled at every step."""

from __future__ import annotations

import pytest

from pipelines.launcher.row_counts import check_rows
from pipelines.records.node_result import Rows

SPLITS = {"train": 60, "validation": 10, "test": 30}


@pytest.mark.parametrize(
    ("node", "read", "written"),
    [
        ("CsvExampleGen", {}, {"csv": 100, **SPLITS}),
        ("StatisticsGen", {"csv": 100, **SPLITS}, SPLITS),
        ("Transform", {"csv": 100, **SPLITS}, {"train": 60, "validation": 10}),
        ("Evaluator", {"csv": 100, **SPLITS}, {"overall": 30}),
        ("Trainer", SPLITS, {}),
        ("CuratedSchema", {}, {}),
    ],
)
def test_says_nothing_where_rows_agree(
    node: str, read: dict[str, int], written: dict[str, int]
) -> None:
    """Equal counts, and nodes without rows on one side, are no problem."""
    assert check_rows(node, Rows(read=read, written=written), ["test"]) == ()


@pytest.mark.parametrize(
    ("node", "read", "written", "numbers"),
    [
        ("CsvExampleGen", {}, {"csv": 101, **SPLITS}, ["101", "100"]),
        ("StatisticsGen", SPLITS, {**SPLITS, "train": 59}, ["60", "59", "train"]),
        ("Transform", SPLITS, {"train": 60, "validation": 11}, ["10", "11", "validation"]),
        ("Evaluator", SPLITS, {"overall": 31}, ["30", "31"]),
    ],
)
def test_names_both_numbers_where_they_differ(
    node: str, read: dict[str, int], written: dict[str, int], numbers: list[str]
) -> None:
    """A difference is an error with both counts and the node's name."""
    [problem] = check_rows(node, Rows(read=read, written=written), ["test"])

    assert [number for number in [*numbers, node] if number not in problem.message] == []
