"""Write numbers, times and shares for people: as short as is still exact enough."""

from __future__ import annotations

import datetime
import math

NOTHING = "–"
"""Stands where there is no number."""
_HUGE = 1e9
_MINUTE_SECONDS = 60
_LONG_SECONDS = 120
_PRECISE_SECONDS = 10
_SHORT_SECONDS = 0.05


def format_count(count: float | None) -> str:
    """Write a number of things: ``15,002``; one estimated as a fraction is rounded."""
    return NOTHING if count is None else f"{count:,.0f}"


def format_metric(value: float | None) -> str:
    """Write a metric with four decimals, as the ending screen does: ``0.9611``."""
    return NOTHING if value is None else f"{value:.4f}"


def format_change(value: float | None) -> str:
    """Write a change with its sign: ``+0.0031``, ``−0.0031``; a zero has none."""
    if value is None:
        return NOTHING
    text = f"{value:+.4f}".replace("-", "−")
    return text[1:] if float(f"{value:.4f}") == 0 else text


def format_interval(lower: float | None, upper: float | None) -> str:
    """Write an interval: ``0.9561 to 0.9661``."""
    if lower is None or upper is None:
        return NOTHING
    return f"{lower:.4f} to {upper:.4f}".replace("-", "−")


def format_number(value: float | None) -> str:
    """Write any number with about four digits: ``1,234,567``, ``12.35``, ``1.4e+09``."""
    if value is None:
        return NOTHING
    if not math.isfinite(value):
        return str(value)
    if abs(value) >= _HUGE:
        return f"{value:.4g}"
    if value == int(value):
        return f"{value:,.0f}"
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"


def format_share(share: float | None) -> str:
    """Write a share of 0 to 1 in per cent: ``12.3 %``; what is not none is never ``0.0 %``."""
    if share is None:
        return NOTHING
    if 0 < share < 0.001:
        return "< 0.1 %"
    digits = 0 if share in (0.0, 1.0) else 1
    return f"{100 * share:.{digits}f} %"


def format_seconds(seconds: float | None) -> str:
    """Write a duration: ``0.4 s``, ``73 s``, ``2 min 13 s``."""
    if seconds is None:
        return NOTHING
    if 0 < seconds < _SHORT_SECONDS:
        return "< 0.1 s"
    if seconds < _PRECISE_SECONDS:
        return f"{seconds:.1f} s"
    if seconds < _LONG_SECONDS:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), _MINUTE_SECONDS)
    return f"{minutes} min {rest} s"


def format_time(time: datetime.datetime | None) -> str:
    """Write a time in UTC: ``2026-11-21 21:19 UTC``."""
    if time is None:
        return NOTHING
    return f"{time.astimezone(datetime.timezone.utc):%Y-%m-%d %H:%M} UTC"
