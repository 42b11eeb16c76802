"""Spans: each is the data of one period, named by its first day; plain Python.

TFX numbers a span by the days from 1970-01-01 to its first day, and data without a span 0.
"""

from __future__ import annotations

import contextlib
import datetime
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

    Spans are folders named ``YYYY-MM-DD``; other names are ignored.
    """
    days = []
    for path in filter(Path.is_dir, directory.glob("*")):
        with contextlib.suppress(ValueError):
            days.append(datetime.date.fromisoformat(path.name))
    return tuple(sorted(days))
