"""Make any number of taxi trips from the real ones: resampled, with noise, in bounded memory.

Each trip starts as a real one, drawn with replacement, and is then changed so that it is no copy:
another week and quarter-hour of the same year, weekday and hour; a few meter steps more or less on
the fare; some per cent of the distance; some minutes. What decides the label stays: a tip of whole
dollars keeps its amount, any other its share of the fare, on the same side of the label's limit.
Places, companies and payments are taken over as they are, and so is what is missing.

Random numbers are drawn in blocks of fixed size, each with a seed of its own. So the same seed and
count give the same bytes, and a smaller count the first rows of a larger one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

SEED = 20130101
BLOCK_ROWS = 100_000

_WEEK_SECONDS = 7 * 86_400
_QUARTER_SECONDS = 900
_MAX_WEEKS = 12
_METER_STEP_CENTS = 20
_FLAG_DROP_CENTS = 325
_MAX_FARE_STEPS = 3
_FARE_NOISE = 0.05
_MILES_NOISE = 0.1
_MINUTES_NOISE = 0.1

_TIMESTAMP, _MONTH = "trip_start_timestamp", "trip_start_month"
_FARE, _TIPS, _MILES, _SECONDS = "fare", "tips", "trip_miles", "trip_seconds"
_CHANGED = frozenset([_TIMESTAMP, _MONTH, _FARE, _TIPS, _MILES, _SECONDS])

Integers = npt.NDArray[np.int64]


@dataclasses.dataclass(frozen=True)
class RealTrips:
    """The trips to draw from.

    Attributes:
        names: Columns, in the header's order.
        cells: The columns that are taken over, as text; a missing value is empty.
        timestamps: Start, in seconds since 1970, a multiple of 900.
        fares: In cents.
        tips: In cents.
        miles: In hundredths of a mile.
        seconds: Duration; -1 where it is missing.
    """

    names: tuple[str, ...]
    cells: pa.Table
    timestamps: Integers
    fares: Integers
    tips: Integers
    miles: Integers
    seconds: Integers

    def __len__(self) -> int:
        """Count the trips."""
        return len(self.timestamps)


def read_real_trips(path: Path) -> RealTrips:
    """Read the real trips from a CSV file as ``python -m pipelines data`` lays it out."""
    names = pa_csv.open_csv(path).schema.names
    as_text = pa_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))
    table = pa_csv.read_csv(path, convert_options=as_text)

    def read_hundredths(name: str) -> Integers:
        return np.rint(100 * table[name].cast(pa.float64()).to_numpy()).astype(np.int64)

    seconds = table[_SECONDS]
    is_missing = pc.equal(seconds, "")
    return RealTrips(
        names=tuple(names),
        cells=table.select([name for name in names if name not in _CHANGED]),
        timestamps=table[_TIMESTAMP].cast(pa.int64()).to_numpy(),
        fares=read_hundredths(_FARE),
        tips=read_hundredths(_TIPS),
        miles=read_hundredths(_MILES),
        seconds=pc.if_else(is_missing, "-1", seconds).cast(pa.int64()).to_numpy(),
    )


def write_trips(
    real: RealTrips,
    row_count: int,
    directory: Path,
    seed: int = SEED,
    rows_per_file: int | None = None,
) -> list[Path]:
    """Write trips as CSV.

    Args:
        row_count: At least 1.
        rows_per_file: Maximum, at least 1; None for a single file.

    Returns:
        The files, ``trips-00000.csv`` and so on, in order; each has a header.
    """
    directory.mkdir(parents=True, exist_ok=True)
    header = ",".join(real.names).encode() + b"\n"
    file_rows = rows_per_file or row_count
    blocks = generate_lines(real, row_count, seed)
    lines = next(blocks)
    paths = []
    for number, start in enumerate(range(0, row_count, file_rows)):
        path = directory / f"trips-{number:05}.csv"
        rest = min(file_rows, row_count - start)
        with path.open("wb") as file:
            file.write(header)
            while rest:
                if not len(lines):
                    lines = next(blocks)
                part = lines[:rest]
                file.write(_concatenate(part))
                lines = lines[len(part) :]
                rest -= len(part)
        paths.append(path)
    return paths


def generate_lines(real: RealTrips, row_count: int, seed: int) -> Iterator[pa.Array]:
    r"""Generate the lines of a CSV, without its header.

    Yields:
        Blocks of lines, each line ending in ``\n``.
    """
    for number, start in enumerate(range(0, row_count, BLOCK_ROWS)):
        generator = np.random.Generator(np.random.PCG64([seed, number]))
        # A whole block, whatever is needed of it: the count must not change the rows.
        rows = generator.integers(len(real), size=BLOCK_ROWS)
        yield _join(real, _change(real, rows, generator))[: row_count - start]


def _change(real: RealTrips, rows: Integers, generator: np.random.Generator) -> dict[str, pa.Array]:
    """Make trips from real ones, and return every column's cells as text."""
    timestamps = _move_start(real.timestamps[rows], generator)
    fares = _change_fare(real.fares[rows], generator)
    months = timestamps.astype("datetime64[s]").astype("datetime64[M]").astype(np.int64) % 12 + 1
    seconds = _change_seconds(real.seconds[rows], generator)
    cells = real.cells.take(pa.array(rows))
    return {
        **{name: cells[name].combine_chunks() for name in cells.column_names},
        _TIMESTAMP: _format_integers(timestamps),
        _MONTH: _format_integers(months),
        _FARE: _format_hundredths(fares),
        _TIPS: _format_hundredths(_change_tip(real.fares[rows], real.tips[rows], fares)),
        _MILES: _format_hundredths(_change_miles(real.miles[rows], generator)),
        _SECONDS: pc.if_else(pa.array(seconds < 0), "", _format_integers(seconds)),
    }


def _move_start(timestamps: Integers, generator: np.random.Generator) -> Integers:
    """Choose another week, never the same, and a quarter of the same hour of the same weekday."""
    size = len(timestamps)
    weeks = generator.integers(1, _MAX_WEEKS, size=size, endpoint=True)
    weeks *= generator.choice(np.array([-1, 1]), size=size)
    hours = timestamps // 3600 * 3600
    quarters = generator.integers(4, size=size) * _QUARTER_SECONDS
    moved, opposite = hours + weeks * _WEEK_SECONDS, hours - weeks * _WEEK_SECONDS
    # Weeks in the other direction stay in the year: it has more than twice as many.
    is_same_year = _find_year(moved) == _find_year(timestamps)
    return np.where(is_same_year, moved, opposite) + quarters


def _find_year(timestamps: Integers) -> Integers:
    years: Integers = timestamps.astype("datetime64[s]").astype("datetime64[Y]").astype(np.int64)
    return years


def _change_fare(fares: Integers, generator: np.random.Generator) -> Integers:
    """Add or take a few steps of the meter; what is below the flag drop stays."""
    max_steps = _MAX_FARE_STEPS + (_FARE_NOISE * fares / _METER_STEP_CENTS).astype(np.int64)
    steps = generator.integers(-max_steps, max_steps, endpoint=True)
    changed = np.maximum(fares + _METER_STEP_CENTS * steps, _FLAG_DROP_CENTS)
    return np.where(fares < _FLAG_DROP_CENTS, fares, changed)


def _change_tip(old_fares: Integers, tips: Integers, fares: Integers) -> Integers:
    """Keep whole dollars; keep the share of the fare otherwise, rounded away from the limit.

    A share that is above a limit stays above it when it is rounded up, and one that is not stays
    so when it is rounded down.
    """
    shares = tips * fares
    up = -(-shares // np.maximum(old_fares, 1))
    down = shares // np.maximum(old_fares, 1)
    # A fifth is the limit of the label, and of the buttons that card terminals suggest.
    scaled = np.where(5 * tips > old_fares, up, down)
    return np.where((tips % 100 == 0) | (old_fares == 0), tips, scaled)


def _change_miles(miles: Integers, generator: np.random.Generator) -> Integers:
    """Change a distance by some per cent, in tenths or hundredths of a mile as it was given."""
    unit = np.where(miles % 10 == 0, 10, 1)
    noise = generator.uniform(1 - _MILES_NOISE, 1 + _MILES_NOISE, size=len(miles))
    changed = np.rint(miles * noise / unit).astype(np.int64) * unit
    return np.where(miles == 0, 0, np.clip(changed, unit, max(miles.max(), 1)))


def _change_seconds(seconds: Integers, generator: np.random.Generator) -> Integers:
    """Add or take whole minutes; none and missing stay."""
    max_minutes = 1 + (_MINUTES_NOISE * np.maximum(seconds, 0) / 60).astype(np.int64)
    changed = seconds + 60 * generator.integers(-max_minutes, max_minutes, endpoint=True)
    return np.where(seconds < 60, seconds, np.clip(changed, 60, max(seconds.max(), 60)))


def _format_integers(values: Integers) -> pa.Array:
    return pa.array(values).cast(pa.string())


def _format_hundredths(values: Integers) -> pa.Array:
    """Write hundredths as the real trips have them: ``6.05``, ``12.4``, ``5.0``."""
    distinct, places = np.unique(values, return_inverse=True)
    return pa.array([str(value / 100) for value in distinct.tolist()]).take(pa.array(places))


def _join(real: RealTrips, columns: dict[str, pa.Array]) -> pa.Array:
    """Join cells to lines. None of the real trips' cells needs quotes."""
    cells = [columns[name] for name in real.names]
    cells[-1] = pc.binary_join_element_wise(cells[-1], "\n", "")
    return pc.binary_join_element_wise(*cells, ",")


def _concatenate(lines: pa.Array) -> memoryview:
    """Return the text of all lines, which Arrow keeps one after the other."""
    offsets = np.frombuffer(lines.buffers()[1], np.int32)
    first, last = offsets[lines.offset], offsets[lines.offset + len(lines)]
    return memoryview(lines.buffers()[2])[first:last]
