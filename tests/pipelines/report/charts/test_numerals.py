from __future__ import annotations

import datetime
import math

import pytest

from pipelines.report.charts import numerals


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0.0, "0"),
        (12.0, "12"),
        (1234567.0, "1,234,567"),
        (12345.6, "12,346"),
        (12.3456, "12.35"),
        (0.00041, "0.00041"),
        (-87.63, "-87.63"),
        (17031081401.0, "1.703e+10"),
        (math.inf, "inf"),
        (math.nan, "nan"),
    ],
)
def test_numbers_have_about_four_digits(value: float | None, text: str) -> None:
    """Whole and large numbers are written out, others with four digits."""
    assert numerals.format_number(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(None, "–"), (0.0, "0 %"), (1.0, "100 %"), (0.5, "50.0 %"), (0.0002, "< 0.1 %")],
)
def test_a_share_that_is_not_none_is_not_written_as_none(share: float | None, text: str) -> None:
    """Three rows of a million are less than 0.1 %, and not 0 %."""
    assert numerals.format_share(share) == text


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), (0.0031, "+0.0031"), (-0.0031, "−0.0031"), (-1e-9, "0.0000")]
)
def test_a_change_has_a_sign_unless_it_is_none(value: float | None, text: str) -> None:
    """A change that rounds to zero is neither a gain nor a loss."""
    assert numerals.format_change(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (0.0, "0.0 s"),
        (0.01, "< 0.1 s"),
        (4.25, "4.2 s"),
        (73.2, "73 s"),
        (133.0, "2 min 13 s"),
    ],
)
def test_durations_are_short(seconds: float | None, text: str) -> None:
    """A duration has no more digits than it needs."""
    assert numerals.format_seconds(seconds) == text


def test_times_are_in_utc() -> None:
    """A time of another zone is converted."""
    zone = datetime.timezone(datetime.timedelta(hours=2))
    time = datetime.datetime(2026, 11, 21, 1, 5, tzinfo=zone)
    assert numerals.format_time(time) == "2026-11-20 23:05 UTC"
    assert numerals.format_time(None) == "–"
