"""Spans: each is the data of one period, named by its first day; plain Python.

TFX numbers a span by the days from 1970-01-01 to its first day, and data without a span 0.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path

from schemas.sample_data import Period

_EPOCH = datetime.date(1970, 1, 1)


def number_span(first_day: datetime.date) -> int:
    """Number a span as TFX does."""
    return (first_day - _EPOCH).days


def name_span(number: int) -> str | None:
    """Name a span by its first day, ``YYYY-MM-DD``; None for data without a span."""
    return (_EPOCH + datetime.timedelta(days=number)).isoformat() if number else None


def find_period_start(time: datetime.datetime, period: Period) -> datetime.date:
    """Find the first day, in UTC, of the period that a time, of any zone, is in."""
    day = time.astimezone(datetime.timezone.utc).date()
    if period == "quarter":
        return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    if period == "month":
        return day.replace(day=1)
    return day - datetime.timedelta(days=day.weekday() if period == "week" else 0)


def list_spans(directory: Path) -> tuple[datetime.date, ...]:
    """List the first days of the spans in a folder, ascending; none if it is missing.

    Spans are folders named ``YYYY-MM-DD``; other names are passed over.
    """
    return tuple(sorted(_iterate_spans(directory)))


def _iterate_spans(directory: Path) -> Iterator[datetime.date]:
    for path in directory.iterdir() if directory.is_dir() else ():
        try:
            day = datetime.date.fromisoformat(path.name)
        except ValueError:
            continue
        if path.is_dir():
            yield day
