"""Read a CSV's header and check it against the feature table."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Iterator, Sequence

from components.csv_example_gen.csv_source import (
    READ_ERRORS,
    create_problem,
    describe_read_error,
    read_text_lines,
)
from components.problem import DataRefusedError, Problem
from schemas.feature_table import FeatureTable


def read_header(path: str, table: FeatureTable) -> tuple[str, ...]:
    """Read the names of a file's columns, in its order; they may be more than the table's.

    Raises:
        DataRefusedError: If the file is unreadable or empty, or a name is missing, misspelt,
            duplicate, empty or not UTF-8.
    """
    try:
        columns = next(csv.reader(read_text_lines(path), strict=True), None)
    except READ_ERRORS as error:
        raise DataRefusedError((describe_read_error(path, None, error),)) from error
    except csv.Error as error:
        problem = _create_problem(path, "unbalanced quote", f"the header is not CSV ({error})")
        raise DataRefusedError((problem,)) from error
    if columns is None:
        text = "the file is empty; it needs a header and at least one row"
        raise DataRefusedError((create_problem(path, "empty file", text),))
    if problems := tuple(_find_problems(path, columns, table)):
        raise DataRefusedError(problems)
    return tuple(columns)


def check_headers(paths: Sequence[str], table: FeatureTable) -> None:
    """Check the headers of at least one file: the same columns in all, in any order.

    Raises:
        DataRefusedError: If a header breaks a rule of ``read_header``, or differs from the first.
    """
    first, *others = paths
    header = set(read_header(first, table))
    problems: list[Problem] = []
    for path in others:
        names = set(read_header(path, table))
        for name in sorted(names ^ header):
            owner, lacking = (path, first) if name in names else (first, path)
            text = f"{owner}: has a column {name!r} that {lacking} lacks; give all files of a "
            text += "folder the same columns"
            problems.append(
                Problem(rule="different headers", message=text, file=path, line=1, column=name)
            )
    if problems:
        raise DataRefusedError(tuple(problems))


def _find_problems(path: str, columns: Sequence[str], table: FeatureTable) -> Iterator[Problem]:
    if not any(column.strip() for column in columns):
        text = "the first line is blank; it must name the columns"
        yield _create_problem(path, "blank header", text)
    elif any("\ud800" <= letter <= "\udfff" for letter in "".join(columns)):
        text = "the first line is not UTF-8 text; save the file as plain UTF-8, uncompressed"
        yield _create_problem(path, "not UTF-8", text)
    elif not set(columns) & set(table.names):
        text = f"names none of the columns, such as {table.names[0]!r}; start the file with a "
        text += "line of column names, separated by commas"
        yield _create_problem(path, "missing header", text)
    else:
        yield from _check_names(path, columns, table)


def _check_names(path: str, columns: Sequence[str], table: FeatureTable) -> Iterator[Problem]:
    for number, name in enumerate(columns, start=1):
        if not name.strip():
            text = f"column {number} has no name; name it or drop it"
            yield _create_problem(path, "unnamed column", text)
    for name in sorted({name for name in columns if name.strip() and columns.count(name) > 1}):
        text = f"column {name!r} occurs {columns.count(name)} times; keep one of them"
        yield _create_problem(path, "duplicated column", text, name)
    unknown = [name for name in columns if name not in table.names]
    for name in table.names:
        if name not in columns:
            meant = _find_closest(name, unknown)
            remedy = f"did you mean {meant!r}? Rename it" if meant else "add it"
            text = f"column {name!r} is missing; {remedy}"
            yield _create_problem(path, "missing column", text, name, meant)


def _find_closest(name: str, candidates: Sequence[str]) -> str | None:
    by_plain_name = {candidate.strip().casefold(): candidate for candidate in candidates}
    matches = difflib.get_close_matches(name.casefold(), by_plain_name, n=1, cutoff=0.7)
    return by_plain_name[matches[0]] if matches else None


def _create_problem(
    path: str, rule: str, text: str, column: str | None = None, value: str | None = None
) -> Problem:
    return create_problem(path, rule, text, place="header", line=1, column=column, value=value)
