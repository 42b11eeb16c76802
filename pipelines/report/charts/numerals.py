"""Format numbers, times and shares for people: as short as is still exact enough."""

from __future__ import annotations

import datetime
import math

NOTHING = "–"
"""Stands where there is no number."""


def format_count(count: float | None) -> str:
    """Format a number of things: ``15,002``; one estimated as a fraction is rounded."""
    return NOTHING if count is None else f"{count:,.0f}"


def format_metric(value: float | None) -> str:
    """Format a metric with four decimals, as the ending screen does: ``0.9611``."""
    return NOTHING if value is None else f"{value:.4f}"


def format_change(value: float | None) -> str:
    """Format a change with its sign: ``+0.0031``, ``−0.0031``; a zero has none."""
    if value is None:
        return NOTHING
    text = f"{value:+.4f}".replace("-", "−")
    return text[1:] if float(f"{value:.4f}") == 0 else text


def format_interval(lower: float | None, upper: float | None) -> str:
    """Format an interval: ``0.9561 to 0.9661``."""
    if lower is None or upper is None:
        return NOTHING
    return f"{lower:.4f} to {upper:.4f}".replace("-", "−")


def format_number(value: float | None) -> str:
    """Format any number with about four digits: ``1,234,567``, ``12.35``, ``1.4e+09``."""
    if value is None:
        return NOTHING
    if not math.isfinite(value):
        return str(value)
    is_written_out = value == int(value) or abs(value) >= 10_000
    return f"{value:,.0f}" if is_written_out and abs(value) < 1e9 else f"{value:.4g}"


def format_share(share: float | None) -> str:
    """Format a share of 0 to 1 in percent: ``12.3 %``; only a share of 0 is written as zero."""
    if share is None:
        return NOTHING
    if 0 < share < 0.001:
        return "< 0.1 %"
    return f"{100 * share:.{0 if share in (0, 1) else 1}f} %"


def format_seconds(seconds: float | None) -> str:
    """Format a duration: ``0.4 s``, ``73 s``, ``2 min 13 s``."""
    if seconds is None:
        return NOTHING
    if 0 < seconds < 0.05:
        return "< 0.1 s"
    if seconds < 120:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return "{} min {} s".format(*divmod(round(seconds), 60))


def format_time(time: datetime.datetime | None) -> str:
    """Format a time in UTC: ``2026-11-21 21:19 UTC``."""
    if time is None:
        return NOTHING
    return f"{time.astimezone(datetime.timezone.utc):%Y-%m-%d %H:%M} UTC"
