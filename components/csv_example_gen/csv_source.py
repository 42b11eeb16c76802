"""Open CSV files, plain or gzipped, as bytes and as physical lines of text."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from components.problem import Problem

SUFFIXES = (".csv", ".csv.gz")
READ_ERRORS = (OSError, EOFError, zlib.error)
"""What opening or reading a missing, forbidden, truncated or corrupt file raises."""

NUL_MARK = "\udc00"
"""Stands for a NUL in text, which the csv module refuses; no decoded byte gives it."""

_MAX_LINE_CHARACTERS = 1 << 24
_CHUNK_BYTES = 1 << 20


def open_bytes(path: str) -> BinaryIO:
    """Open a file for reading, decompressed if its name ends in ``.gz``."""
    if path.endswith(".gz"):
        return cast(BinaryIO, gzip.open(path, "rb"))
    return Path(path).open("rb")


def read_text_lines(path: str) -> Iterator[str]:
    r"""Read a file's physical lines, whatever bytes it holds; raises ``READ_ERRORS``.

    Yields:
        Each line with its end (``\n``, ``\r\n`` or ``\r``). A byte order mark is dropped, a NUL
        becomes ``NUL_MARK``, and a byte that is not UTF-8 a lone surrogate (U+DC80 to U+DCFF).
    """
    with io.TextIOWrapper(
        open_bytes(path), encoding="utf-8-sig", errors="surrogateescape", newline=""
    ) as text:
        while line := text.readline(_MAX_LINE_CHARACTERS):
            yield line.replace("\0", NUL_MARK)


def create_problem(
    path: str,
    rule: str,
    text: str,
    *,
    place: str = "",
    line: int | None = None,
    column: str | None = None,
    value: str | None = None,
) -> Problem:
    """Create a problem of a file; its message begins with the file, and a place in it if any."""
    place = place or (f"line {line}" if line else "")
    return Problem(
        rule=rule,
        message=f"{path}, {place}: {text}" if place else f"{path}: {text}",
        file=path,
        line=line,
        column=column,
        value=value,
    )


def describe_read_error(path: str, line: int | None, error: Exception) -> Problem:
    """Describe why a file cannot be read, one of ``READ_ERRORS``, at the line that was reached."""
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    reason = " ".join(reason.split()) or type(error).__name__
    text = f"cannot be read ({reason}); check the path, the permissions and, for a .gz, that it is "
    return create_problem(path, "unreadable file", f"{text}complete", line=line, value=reason)


def count_bytes(path: str) -> tuple[int, int, int]:
    """Count NULs, double quotes and lines, which show what a lenient CSV parser lets slip.

    The last line may lack its end; raises ``READ_ERRORS``.
    """
    nuls = quotes = lines = 0
    last = b"\n"
    with open_bytes(path) as source:
        while chunk := source.read(_CHUNK_BYTES):
            nuls += chunk.count(b"\0")
            quotes += chunk.count(b'"')
            lines += chunk.count(b"\n")
            last = chunk[-1:]
    return nuls, quotes, lines + (last != b"\n")
