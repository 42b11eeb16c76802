"""The real trips are laid out once, whole, and survive an interruption."""

from __future__ import annotations

import datetime
import multiprocessing
from pathlib import Path

import pytest

from pipelines.runner.sample_data import (
    DataLayoutError,
    cut_by_quarter,
    find_quarter,
    find_source,
    lay_out_taxi_data,
    list_spans,
    span_directory,
)
from schemas.feature_table import load_feature_table


def read_times(root: Path) -> dict[Path, int]:
    """Tell when each CSV file was written."""
    return {path: path.stat().st_mtime_ns for path in root.rglob("*.csv")}


def test_the_whole_is_a_copy_and_the_spans_hold_each_row_once(tmp_path: Path) -> None:
    """Spans in order and put together are the whole's rows; each keeps their order and header."""
    layout = lay_out_taxi_data(tmp_path)
    source = find_source().read_bytes()
    header, *rows = source.splitlines(keepends=True)

    assert (layout.full_directory / "data.csv").read_bytes() == source
    found: list[bytes] = []
    for span in layout.spans:
        content = (layout.spans_directory / span.isoformat() / "data.csv").read_bytes()
        first, *lines = content.splitlines(keepends=True)
        wanted = set(lines)
        assert first == header
        assert lines == [row for row in rows if row in wanted]
        found += lines
    assert len(rows) == 15_002
    assert sorted(found) == sorted(rows)


def test_spans_are_the_sixteen_quarters(tmp_path: Path) -> None:
    """One span a quarter from 2013 to 2016, named by its first day."""
    assert lay_out_taxi_data(tmp_path).spans == tuple(
        datetime.date(year, month, 1) for year in range(2013, 2017) for month in (1, 4, 7, 10)
    )


def test_each_row_starts_in_its_quarter(tmp_path: Path) -> None:
    """The start of every trip lies between the span's first day and the next one's."""
    layout = lay_out_taxi_data(tmp_path)
    table = load_feature_table("chicago_taxi")
    column = table.names.index(str(table.span_column))
    path = layout.spans_directory / "2014-04-01" / "data.csv"
    starts = [int(line.split(",")[column]) for line in path.read_text().splitlines()[1:]]

    assert len(starts) == 1380
    assert {find_quarter(start) for start in starts} == {datetime.date(2014, 4, 1)}


def test_a_second_layout_writes_nothing(tmp_path: Path) -> None:
    """What is there already is left as it is."""
    first = lay_out_taxi_data(tmp_path)
    times = read_times(tmp_path)

    assert lay_out_taxi_data(tmp_path) == first
    assert read_times(tmp_path) == times


@pytest.mark.parametrize("name", ["full/data.csv", "spans/2015-07-01/data.csv", ".layout.json"])
@pytest.mark.parametrize("content", [None, b"cut"], ids=["missing", "cut short"])
def test_what_an_interruption_left_is_completed(
    tmp_path: Path, name: str, content: bytes | None
) -> None:
    """A missing or short file is written again, and files of others are left alone."""
    whole = lay_out_taxi_data(tmp_path)
    damaged = tmp_path / "chicago_taxi" / name
    intact = {path: path.read_bytes() for path in tmp_path.rglob("*.csv")}
    own = whole.spans_directory / "2017-01-01" / "data.csv"
    own.parent.mkdir()
    own.write_text("mine")
    damaged.unlink()
    if content is not None:
        damaged.write_bytes(content)
    again = lay_out_taxi_data(tmp_path)

    assert {path: path.read_bytes() for path in intact} == intact
    assert again.spans == (*whole.spans, datetime.date(2017, 1, 1))
    assert own.read_text() == "mine"


def test_two_layouts_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    """Runs started side by side end with the same layout."""
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        first, second = pool.map(lay_out_taxi_data, [tmp_path, tmp_path])

    assert first == second == lay_out_taxi_data(tmp_path)


def test_a_place_that_cannot_be_written_is_told_in_one_line(tmp_path: Path) -> None:
    """A file where the folder should be is named."""
    (tmp_path / "chicago_taxi").write_text("in the way")

    with pytest.raises(DataLayoutError, match="chicago_taxi: File exists"):
        lay_out_taxi_data(tmp_path)


def test_spans_are_the_dated_folders_in_order(tmp_path: Path) -> None:
    """Files and folders of other names are passed over; no folder has no spans."""
    for name in ("2016-10-01", "2013-01-01", "notes", "2013-13-01"):
        (tmp_path / name).mkdir()
    (tmp_path / "2014-01-01").touch()

    assert list_spans(tmp_path) == (datetime.date(2013, 1, 1), datetime.date(2016, 10, 1))
    assert list_spans(tmp_path / "none") == ()


def test_a_missing_span_is_refused_with_those_there_are(tmp_path: Path) -> None:
    """The error names the date asked for and the known ones."""
    (tmp_path / "2013-01-01").mkdir()
    date = datetime.date(2013, 1, 1)

    assert span_directory(tmp_path, date) == tmp_path / "2013-01-01"
    with pytest.raises(DataLayoutError, match=r"no span 2020-01-01 in .*; it has: 2013-01-01"):
        span_directory(tmp_path, datetime.date(2020, 1, 1))


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
    assert find_quarter(seconds) == quarter


def test_a_row_without_start_is_refused() -> None:
    """A line that belongs to no quarter is named."""
    header = ",".join(load_feature_table("chicago_taxi").names)

    with pytest.raises(DataLayoutError, match="line 2: no start time"):
        cut_by_quarter(f"{header}\n1,2,3\n".encode())
