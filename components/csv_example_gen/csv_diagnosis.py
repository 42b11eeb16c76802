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
    create_problem,
    describe_read_error,
    read_text_lines,
)
from components.problem import Problem
from schemas.feature_table import DType, FeatureTable

MAX_PROBLEMS = 20
"""Problems listed per file."""

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
FLOAT32_MAX = float(np.finfo(np.float32).max)

_WHOLE_NUMBER = re.compile(r"-?[0-9]+")
_NUMBER = re.compile(r"-?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_NON_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)
_SURROGATE = re.compile(r"[\udc00-\udfff]")
_MAX_SHOWN_CHARACTERS = 60


def find_problems(path: str, table: FeatureTable, check_cells: bool = True) -> tuple[Problem, ...]:
    """Find the first problems of a file whose header is good.

    Args:
        table: Types of its columns; a column that it does not know may hold any text.
        check_cells: Whether to check each cell, or only quotes and the number of cells.

    Returns:
        Up to ``MAX_PROBLEMS`` problems in the file's order, each with the physical line on which
        its row begins; none if the file is good.
    """
    problems = _iterate_problems(path, table, check_cells)
    return tuple(itertools.islice(problems, MAX_PROBLEMS))


def _iterate_problems(path: str, table: FeatureTable, check_cells: bool) -> Iterator[Problem]:
    reader = csv.reader(read_text_lines(path), strict=True)
    dtypes = {feature.name: feature.dtype for feature in table.features} if check_cells else {}
    line = 1
    try:
        header = next(reader)
        line = reader.line_num + 1
        has_rows = False
        for row in reader:
            if row:
                has_rows = True
                yield from _check_row(path, line, header, row, dtypes)
            line = reader.line_num + 1
        if not has_rows:
            text = "the file has a header and no rows; give it at least one row"
            yield create_problem(path, "no rows", text)
    except csv.Error as error:
        text = f"a quoted cell does not end as it should ({error}); close the quote, and write a "
        text += 'quote inside a cell twice ("")'
        yield create_problem(path, "unbalanced quote", text, line=line)
    except READ_ERRORS as error:
        yield describe_read_error(path, line, error)


def _check_row(
    path: str, line: int, header: Sequence[str], row: Sequence[str], dtypes: Mapping[str, DType]
) -> Iterator[Problem]:
    if len(row) != len(header):
        text = f"the row has {len(row)} cells, the header {len(header)}; give each column one "
        text += "cell, and quote a cell that holds a comma"
        yield create_problem(path, "ragged row", text, line=line, value=str(len(row)))
        return
    if not dtypes:
        return
    for column, cell in zip(header, row, strict=True):
        if cell and (broken := _check_cell(cell, dtypes.get(column, DType.BYTES))):
            (rule, remedy), value = broken, _show(cell)
            text, place = f"{value} is {remedy}", f"line {line}, column {column!r}"
            yield create_problem(
                path, rule, text, place=place, line=line, column=column, value=value
            )


def _check_cell(cell: str, dtype: DType) -> tuple[str, str] | None:
    """Name the rule that a cell breaks, and what is wrong with the remedy; None if it is good."""
    if NUL_MARK in cell:
        return "NUL byte", "text with a NUL byte; remove it (a UTF-16 file must be saved as UTF-8)"
    if _SURROGATE.search(cell):
        return "not UTF-8", "not UTF-8 text; save the file as UTF-8"
    if dtype is DType.BYTES:
        return None
    number = cell.strip()
    if _NON_FINITE.fullmatch(number):
        return "non-finite number", "not a finite number; leave the cell empty if it is missing"
    if not _NUMBER.fullmatch(number):
        remedy = "not a number; write digits with a decimal point, or nothing if it is missing"
        return "text in a numeric column", remedy
    return _check_range(number, is_whole=dtype is DType.INT)


def _check_range(number: str, is_whole: bool) -> tuple[str, str] | None:
    if is_whole and not _WHOLE_NUMBER.fullmatch(number):
        return "not a whole number", "not written as a whole number; write 8, not 8.0 or 8e0"
    if is_whole and not INT64_MIN <= int(number) <= INT64_MAX:
        return "number out of range", "outside the range of 64-bit integers; correct it"
    if not is_whole and not abs(float(number)) <= FLOAT32_MAX:
        return "number out of range", "outside the range of 32-bit floats; correct it"
    return None


def _show(cell: str) -> str:
    """Show a cell in one line of printable text, cut short; its bytes if it is not text."""
    is_long = len(cell) > _MAX_SHOWN_CHARACTERS
    text = cell[:_MAX_SHOWN_CHARACTERS].replace(NUL_MARK, "\0") + "..." * is_long
    return repr(text.encode(errors="surrogateescape")) if _SURROGATE.search(text) else repr(text)
