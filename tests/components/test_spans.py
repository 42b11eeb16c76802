"""Spans by their first days: as numbers, as names, as folders, and by the periods they cover."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from components.spans import find_period_start, list_spans, name_span, number_span
from schemas.sample_data import Period


@pytest.mark.parametrize(
    ("seconds", "quarter"),
    [
        (1357000200, datetime.date(2013, 1, 1)),
        (1396310399, datetime.date(2014, 1, 1)),
        (1396310400, datetime.date(2014, 4, 1)),
        (1483116300, datetime.date(2016, 10, 1)),
    ],
)
def test_quarters_change_at_midnight_utc(seconds: int, quarter: datetime.date) -> None:
    """The last second of March is the first quarter's, the first of April the second's."""
    time = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)

    assert find_period_start(time, "quarter") == quarter


@pytest.mark.parametrize(
    ("period", "time", "first_day"),
    [
        ("day", "2016-02-29T23:59:59+00:00", "2016-02-29"),
        ("day", "2016-03-01T00:00:00+00:00", "2016-03-01"),
        ("day", "2016-03-01T00:30:00+01:00", "2016-02-29"),
        ("week", "2014-12-28T23:59:59+00:00", "2014-12-22"),
        ("week", "2014-12-29T00:00:00+00:00", "2014-12-29"),
        ("week", "2015-01-04T12:00:00+00:00", "2014-12-29"),
        ("week", "2016-03-01T00:00:00+00:00", "2016-02-29"),
        ("month", "2016-02-29T23:59:59+00:00", "2016-02-01"),
        ("month", "2016-03-01T00:00:00+00:00", "2016-03-01"),
        ("month", "2016-12-31T20:00:00-05:00", "2017-01-01"),
        ("quarter", "2016-03-31T23:59:59+00:00", "2016-01-01"),
        ("quarter", "2016-12-31T23:59:59+00:00", "2016-10-01"),
        ("quarter", "2017-01-01T00:00:00+00:00", "2017-01-01"),
    ],
)
def test_each_period_starts_at_midnight_utc(period: Period, time: str, first_day: str) -> None:
    """In leap years too, across the turn of the year, and whatever zone a time is told in."""
    start = find_period_start(datetime.datetime.fromisoformat(time), period)

    assert start.isoformat() == first_day


def test_a_week_starts_on_monday() -> None:
    """As in ISO 8601: every day of a week finds the same Monday."""
    noon = datetime.datetime(2016, 2, 29, 12, tzinfo=datetime.timezone.utc)
    week = {find_period_start(noon + datetime.timedelta(days=days), "week") for days in range(7)}

    assert week == {noon.date()}
    assert noon.isoweekday() == 1


def test_a_span_is_numbered_as_tfx_does_and_named_again() -> None:
    """Days from 1970-01-01; 0 stands for data without a span."""
    assert number_span(datetime.date(2015, 4, 1)) == 16526
    assert name_span(16526) == "2015-04-01"
    assert name_span(0) is None


def test_spans_are_the_dated_folders_in_order(tmp_path: Path) -> None:
    """Files and folders of other names are passed over; no folder has no spans."""
    for name in ("2016-10-01", "2013-01-01", "notes", "2013-13-01"):
        (tmp_path / name).mkdir()
    (tmp_path / "2014-01-01").touch()

    assert list_spans(tmp_path) == (datetime.date(2013, 1, 1), datetime.date(2016, 10, 1))
    assert list_spans(tmp_path / "none") == ()
