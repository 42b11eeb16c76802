"""Find what is wrong with a CSV file, line by line: slow, and only for files known to be bad."""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from components.csv_example_gen.csv_source import (
    NUL_MARK,
    READ_ERRORS,
    describe_read_error,
    read_text_lines,
)
from components.problem import Problem
from schemas.feature_table import DType, FeatureTable

PROBLEM_LIMIT = 20
"""Most problems told of one file."""

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
FLOAT32_MAX = float(np.finfo(np.float32).max)

_WHOLE_NUMBER = re.compile(r"-?[0-9]+")
_NUMBER = re.compile(r"-?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_NON_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)
_SURROGATE = re.compile(r"[\udc00-\udfff]")
_SHOWN_CHARACTERS = 60


def find_problems(path: str, table: FeatureTable, check_cells: bool = True) -> tuple[Problem, ...]:
    """Find the first problems of a file whose header is good.

    Args:
        table: Types of its columns; a column that it does not know may hold any text.
        check_cells: Whether to check each cell, or only quotes and the number of cells.

    Returns:
        Up to ``PROBLEM_LIMIT`` problems in the file's order, each with the physical line on which
        its row begins; none if the file is good.
    """
    problems = _iterate_problems(path, table, check_cells)
    return tuple(itertools.islice(problems, PROBLEM_LIMIT))


def _iterate_problems(path: str, table: FeatureTable, check_cells: bool) -> Iterator[Problem]:
    reader = csv.reader(read_text_lines(path), strict=True)
    dtypes = {feature.name: feature.dtype for feature in table.features}
    line = 1
    try:
        header = next(reader)
        line = reader.line_num + 1
        has_rows = False
        for row in reader:
            if row:
                has_rows = True
                yield from _check_row(path, line, header, row, dtypes if check_cells else {})
            line = reader.line_num + 1
        if not has_rows:
            yield Problem(
                rule="no rows",
                message=f"{path}: the file has a header and no rows; give it at least one row",
                file=path,
            )
    except csv.Error as error:
        yield Problem(
            rule="unbalanced quote",
            message=f"{path}, line {line}: a quoted cell does not end as it should ({error}); "
            'close the quote, and write a quote inside a cell twice ("")',
            file=path,
            line=line,
        )
    except READ_ERRORS as error:
        yield describe_read_error(path, line, error)


def _check_row(
    path: str, line: int, header: Sequence[str], row: Sequence[str], dtypes: Mapping[str, DType]
) -> Iterator[Problem]:
    if len(row) != len(header):
        yield Problem(
            rule="ragged row",
            message=f"{path}, line {line}: the row has {len(row)} cells, the header {len(header)}; "
            "give each column one cell, and quote a cell that holds a comma",
            file=path,
            line=line,
            value=str(len(row)),
        )
        return
    if not dtypes:
        return
    for column, cell in zip(header, row, strict=True):
        broken = _check_cell(cell, dtypes.get(column, DType.BYTES)) if cell else None
        if broken:
            rule, remedy = broken
            value = _show(cell)
            yield Problem(
                rule=rule,
                message=f"{path}, line {line}, column {column!r}: {value} is {remedy}",
                file=path,
                line=line,
                column=column,
                value=value,
            )


def _check_cell(cell: str, dtype: DType) -> tuple[str, str] | None:
    """Name the rule that a cell breaks, and what is wrong with the remedy; None if it is good."""
    if NUL_MARK in cell:
        return "NUL byte", "text with a NUL byte; remove it (a UTF-16 file must be saved as UTF-8)"
    if _SURROGATE.search(cell):
        return "not UTF-8", "not UTF-8 text; save the file as UTF-8"
    if dtype is DType.INT:
        return _check_whole_number(cell.strip())
    if dtype is DType.FLOAT:
        return _check_number(cell.strip())
    return None


def _check_whole_number(cell: str) -> tuple[str, str] | None:
    if not _WHOLE_NUMBER.fullmatch(cell):
        if _NUMBER.fullmatch(cell):
            return "not a whole number", "not written as a whole number; write 8, not 8.0 or 8e0"
        return _refuse_text(cell)
    if not INT64_MIN <= int(cell) <= INT64_MAX:
        return "number out of range", "outside the range of 64-bit integers; correct it"
    return None


def _check_number(cell: str) -> tuple[str, str] | None:
    if not _NUMBER.fullmatch(cell):
        return _refuse_text(cell)
    if not abs(float(cell)) <= FLOAT32_MAX:
        return "number out of range", "outside the range of 32-bit floats; correct it"
    return None


def _refuse_text(cell: str) -> tuple[str, str]:
    if _NON_FINITE.fullmatch(cell):
        return "non-finite number", "not a finite number; leave the cell empty if it is missing"
    return (
        "text in a numeric column",
        "not a number; write digits with a decimal point, or nothing if it is missing",
    )


def _show(cell: str) -> str:
    """Show a cell in one line of printable text, cut short; its bytes if it is not text."""
    text = cell if len(cell) <= _SHOWN_CHARACTERS else cell[:_SHOWN_CHARACTERS] + "..."
    text = text.replace(NUL_MARK, "\0")
    return repr(text.encode(errors="surrogateescape")) if _SURROGATE.search(text) else repr(text)
