"""Read a CSV's header and check it against the feature table."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Sequence

from components.csv_example_gen.csv_source import (
    READ_ERRORS,
    describe_read_error,
    read_text_lines,
)
from components.problem import DataRefusedError, Problem
from schemas.feature_table import FeatureTable


def read_header(path: str, table: FeatureTable) -> tuple[str, ...]:
    """Read a file's header; columns may stand in any order, and may be more than the table's.

    Args:
        table: Columns that it must have.

    Returns:
        Names of the file's columns, in its order.

    Raises:
        DataRefusedError: If the file is unreadable or empty, or a name is missing, misspelt,
            doubled, empty or not UTF-8.
    """
    try:
        columns = next(csv.reader(read_text_lines(path), strict=True), None)
    except READ_ERRORS as error:
        raise DataRefusedError((describe_read_error(path, None, error),)) from error
    except csv.Error as error:
        problem = _header_problem(path, "unbalanced quote", f"the header is not CSV ({error})")
        raise DataRefusedError((problem,)) from error
    problems = _find_header_problems(path, columns, table)
    if columns is None or problems:
        raise DataRefusedError(problems)
    return tuple(columns)


def check_headers(paths: Sequence[str], table: FeatureTable) -> None:
    """Check the headers of files that are read together: same columns, in any order.

    Args:
        paths: At least one path.
        table: Columns that each must have.

    Raises:
        DataRefusedError: If a header breaks a rule of ``read_header``, or differs from the first.
    """
    first = read_header(paths[0], table)
    problems: list[Problem] = []
    for path in paths[1:]:
        header = read_header(path, table)
        problems += [
            Problem(
                rule="different headers",
                message=f"{path if name in header else paths[0]}: has a column {name!r} that "
                f"{paths[0] if name in header else path} has not; give all files of a folder "
                "the same columns",
                file=path,
                line=1,
                column=name,
            )
            for name in sorted(set(header) ^ set(first))
        ]
    if problems:
        raise DataRefusedError(tuple(problems))


def _find_header_problems(
    path: str, columns: Sequence[str] | None, table: FeatureTable
) -> tuple[Problem, ...]:
    if columns is None:
        text = "the file is empty; it needs a header and at least one row"
        return (_header_problem(path, "empty file", text, line=None),)
    if not any(column.strip() for column in columns):
        text = "the first line is blank; it must name the columns"
        return (_header_problem(path, "blank header", text),)
    if any("\ud800" <= letter <= "\udfff" for letter in "".join(columns)):
        text = "the first line is not UTF-8 text; save the file as plain UTF-8, uncompressed"
        return (_header_problem(path, "not UTF-8", text),)
    if not set(columns) & set(table.names):
        text = f"names none of the columns, such as {table.names[0]!r}; start the file with a "
        text += "line of column names, separated by commas"
        return (_header_problem(path, "missing header", text),)
    return (
        *_find_unnamed(path, columns),
        *_find_doubled_names(path, columns),
        *_find_missing_names(path, columns, table),
    )


def _find_unnamed(path: str, columns: Sequence[str]) -> list[Problem]:
    return [
        _header_problem(path, "unnamed column", f"column {number} has no name; name it or drop it")
        for number, name in enumerate(columns, start=1)
        if not name.strip()
    ]


def _find_doubled_names(path: str, columns: Sequence[str]) -> list[Problem]:
    doubled = sorted({name for name in columns if name.strip() and columns.count(name) > 1})
    return [
        _header_problem(
            path,
            "duplicated column",
            f"column {name!r} occurs {columns.count(name)} times; keep one of them",
            column=name,
        )
        for name in doubled
    ]


def _find_missing_names(path: str, columns: Sequence[str], table: FeatureTable) -> list[Problem]:
    unknown = [name for name in columns if name not in table.names]
    problems = []
    for name in table.names:
        if name not in columns:
            meant = _closest_name(name, unknown)
            text = f"column {name!r} is missing"
            text += f"; did you mean it by {meant!r}? Rename it" if meant else "; add it"
            problems.append(_header_problem(path, "missing column", text, name, meant))
    return problems


def _closest_name(name: str, candidates: Sequence[str]) -> str | None:
    by_plain_name = {candidate.strip().casefold(): candidate for candidate in candidates}
    matches = difflib.get_close_matches(name.casefold(), by_plain_name, n=1, cutoff=0.7)
    return by_plain_name[matches[0]] if matches else None


def _header_problem(
    path: str,
    rule: str,
    text: str,
    column: str | None = None,
    value: str | None = None,
    line: int | None = 1,
) -> Problem:
    return Problem(
        rule=rule,
        message=f"{path}, header: {text}" if line else f"{path}: {text}",
        file=path,
        line=line,
        column=column,
        value=value,
    )
