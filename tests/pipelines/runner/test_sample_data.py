"""The real trips are laid out once, whole, and survive an interruption."""

from __future__ import annotations

import dataclasses
import datetime
import multiprocessing
from pathlib import Path

import pytest

from components.spans import find_period_start, list_spans
from pipelines.runner.sample_data import DataLayoutError, cut_into_spans, lay_out_sample_data
from schemas.chicago_taxi.sample_data import SAMPLE_DATA
from schemas.feature_table import load_feature_table
from schemas.sample_data import Period


@dataclasses.dataclass(frozen=True)
class Layout:
    """Where the trips lie, and the spans that there are."""

    full_directory: Path
    spans_directory: Path
    spans: tuple[datetime.date, ...]


def lay_out_taxi_data(data_root: Path) -> Layout:
    """Lay the taxi trips out, and look at what is there then."""
    lay_out_sample_data("chicago_taxi", data_root)
    directory = data_root / "chicago_taxi"
    return Layout(directory / "full", directory / "spans", list_spans(directory / "spans"))


def find_quarter(trip_start_seconds: int) -> datetime.date:
    """Find the first day of the quarter of a trip's start."""
    start = datetime.datetime.fromtimestamp(trip_start_seconds, datetime.timezone.utc)
    return find_period_start(start, "quarter")


def read_times(root: Path) -> dict[Path, int]:
    """Tell when each CSV file was written."""
    return {path: path.stat().st_mtime_ns for path in root.rglob("*.csv")}


def test_the_whole_is_a_copy_and_the_spans_hold_each_row_once(tmp_path: Path) -> None:
    """Spans in order and put together are the whole's rows; each keeps their order and header."""
    layout = lay_out_taxi_data(tmp_path)
    source = SAMPLE_DATA.find_source().read_bytes()
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


def test_a_row_without_start_is_refused() -> None:
    """A line that belongs to no span is named."""
    header = ",".join(load_feature_table("chicago_taxi").names)

    with pytest.raises(DataLayoutError, match="line 2: no start time"):
        cut_into_spans(f"{header}\n1,2,3\n".encode(), "trip_start_timestamp", "quarter")


def test_rows_are_cut_by_the_period_that_is_asked_for() -> None:
    """Each span has the header, and its rows in the order of the whole."""
    days = [datetime.datetime(2016, 2, day, tzinfo=datetime.timezone.utc) for day in (29, 1, 28)]
    rows = [f"{day.timestamp():.0f},{day.day}\n" for day in days]
    content = "".join(["time,day\n", *rows]).encode()

    def cut(period: Period) -> dict[str, str]:
        spans = cut_into_spans(content, "time", period)
        return {day.isoformat(): text.decode() for day, text in spans.items()}

    assert cut("month") == {"2016-02-01": content.decode()}
    assert list(cut("week")) == ["2016-02-01", "2016-02-22", "2016-02-29"]
    assert cut("day")["2016-02-29"] == f"time,day\n{rows[0]}"
    with pytest.raises(DataLayoutError, match="no column 'when'"):
        cut_into_spans(content, "when", "day")


def test_a_task_without_sample_data_is_passed_over(tmp_path: Path) -> None:
    """Nothing is written for it."""
    lay_out_sample_data("no_such_task", tmp_path)

    assert not list(tmp_path.iterdir())
