"""Generate ``data/chicago_taxi/sample/data.csv``: made-up trips with the columns of the real ones.

Run ``python -m benchmarks.generate_sample`` from the project's root. The same seed gives the same
file, byte by byte. Shares of missing values, of payment types and of tips above a fifth of the
fare follow what ``data/README.md`` says of the real trips; no row is one of them.
"""

from __future__ import annotations

import csv
import dataclasses
import datetime
import io
import math
import random
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from schemas.feature_table import load_feature_table

SAMPLE_PATH = Path(__file__).resolve().parent.parent / "data/chicago_taxi/sample/data.csv"
SEED = 20161231
ROW_COUNT = 1200

Row = dict[str, str]
_Choice = TypeVar("_Choice")

_FIRST_DAY = datetime.datetime(2013, 1, 1, tzinfo=datetime.timezone.utc)
_DAYS = 4 * 365
_QUARTER_HOURS_PER_DAY = 96
_MILES_PER_DEGREE_NORTH = 69.0
_MILES_PER_DEGREE_EAST = 51.5


@dataclasses.dataclass(frozen=True)
class Area:
    """A community area.

    Attributes:
        number: Its number, 1 to 77.
        latitude: Of its center, in degrees; ``longitude`` likewise.
        weight: How often trips begin or end there, relative to others.
    """

    number: int
    latitude: float
    longitude: float
    weight: int


_AREAS = (
    Area(1, 42.009, -87.669, 2),
    Area(3, 41.966, -87.655, 3),
    Area(6, 41.943, -87.654, 9),
    Area(7, 41.922, -87.648, 8),
    Area(8, 41.900, -87.632, 30),
    Area(22, 41.923, -87.699, 2),
    Area(24, 41.901, -87.676, 4),
    Area(28, 41.874, -87.663, 10),
    Area(32, 41.881, -87.627, 22),
    Area(33, 41.857, -87.620, 4),
    Area(41, 41.794, -87.593, 1),
    Area(56, 41.793, -87.770, 3),
    Area(76, 41.979, -87.903, 7),
    Area(77, 41.986, -87.663, 2),
)
_COMPANIES = {
    "": 340,
    "Taxi Affiliation Services": 350,
    "Dispatch Taxi Affiliation": 110,
    "Blue Ribbon Taxi Association Inc.": 75,
    "Choice Taxi Association": 60,
    "Northwest Management LLC": 38,
    "KOAM Taxi Association": 17,
    "Top Cab Affiliation": 9,
    "0001 - 10001 Sample Cab Co": 1,
}
_CREDIT_CARD, _CASH = "Credit Card", "Cash"
_RARE_PAYMENTS = {"No Charge": 8, "Unknown": 3, "Dispute": 1, "Pcard": 1}
_CREDIT_SHARE_BY_YEAR = {2013: 0.25, 2014: 0.32, 2015: 0.39, 2016: 0.40}
_RARE_PAYMENT_SHARE = 0.01
_TIP_BUTTONS = {0.20: 3, 0.25: 4, 0.30: 2}


def generate_rows(row_count: int, seed: int) -> list[Row]:
    """Generate trips, each from column name to the cell's text; a missing value is empty."""
    generator = random.Random(seed)
    return [_generate_row(generator) for _ in range(row_count)]


def format_csv(rows: list[Row]) -> str:
    r"""Format trips as CSV in the feature table's order; every line ends in ``\n``."""
    text = io.StringIO()
    writer = csv.DictWriter(text, load_feature_table("chicago_taxi").names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _generate_row(generator: random.Random) -> Row:
    start = _choose_start(generator)
    pickup, dropoff = _choose_area(generator), _choose_area(generator)
    miles = _measure_trip(generator, pickup, dropoff)
    minutes = max(1, round(miles * generator.uniform(2.5, 5.0) + generator.uniform(0, 5)))
    fare_usd = _round_to_nickel(2.25 + 1.8 * miles + 0.15 * minutes)
    payment = _choose_payment(generator, start.year)
    meter_counts_miles = generator.random() < 0.73
    return {
        **_describe_start(start),
        **_describe_pickup(generator, pickup),
        **_describe_dropoff(generator, dropoff),
        "fare": f"{fare_usd:.2f}",
        "trip_miles": f"{miles if meter_counts_miles else 0:.1f}",
        "trip_seconds": "" if generator.random() < 0.002 else str(60 * minutes),
        "payment_type": payment,
        "company": _choose(generator, _COMPANIES),
        "tips": f"{_choose_tip(generator, payment, fare_usd):.2f}",
    }


def _choose_start(generator: random.Random) -> datetime.datetime:
    """Choose a quarter of an hour, fewer in the last year, as in the real sample."""
    day = generator.randrange(_DAYS)
    if day >= 3 * 365 and generator.random() < 0.5:
        day = generator.randrange(3 * 365)
    weights = {quarter: 1 if quarter < 24 else 3 for quarter in range(_QUARTER_HOURS_PER_DAY)}
    quarter = _choose(generator, weights)
    return _FIRST_DAY + datetime.timedelta(days=day, minutes=15 * quarter)


def _choose_area(generator: random.Random) -> Area:
    return _choose(generator, {area: area.weight for area in _AREAS})


def _choose(generator: random.Random, weights: Mapping[_Choice, int]) -> _Choice:
    return generator.choices(list(weights), list(weights.values()))[0]


def _choose_payment(generator: random.Random, year: int) -> str:
    chance = generator.random()
    if chance < _RARE_PAYMENT_SHARE:
        return _choose(generator, _RARE_PAYMENTS)
    return _CREDIT_CARD if chance < _RARE_PAYMENT_SHARE + _CREDIT_SHARE_BY_YEAR[year] else _CASH


def _choose_tip(generator: random.Random, payment: str, fare_usd: float) -> float:
    """Choose a tip in USD: a button of the card terminal, whole dollars, or nothing."""
    if payment != _CREDIT_CARD or generator.random() < 0.05:
        return 0.0
    if fare_usd < 15 and generator.random() < 0.4:
        return float(generator.choice((1, 2, 2, 3)))
    return math.ceil(100 * _choose(generator, _TIP_BUTTONS) * fare_usd) / 100


def _measure_trip(generator: random.Random, pickup: Area, dropoff: Area) -> float:
    north = _MILES_PER_DEGREE_NORTH * (pickup.latitude - dropoff.latitude)
    east = _MILES_PER_DEGREE_EAST * (pickup.longitude - dropoff.longitude)
    return 0.4 + 1.2 * math.hypot(north, east) + generator.uniform(0, 0.8)


def _describe_start(start: datetime.datetime) -> Row:
    return {
        "trip_start_timestamp": str(int(start.timestamp())),
        "trip_start_month": str(start.month),
        "trip_start_hour": str(start.hour),
        "trip_start_day": str(start.isoweekday() % 7 + 1),
    }


def _describe_pickup(generator: random.Random, area: Area) -> Row:
    is_known = generator.random() >= 0.002
    tract = _number_tract(generator, area) if generator.random() < 0.005 else ""
    return _describe_place("pickup", area if is_known else None, tract)


def _describe_dropoff(generator: random.Random, area: Area) -> Row:
    is_known = generator.random() >= 0.033
    has_tract = is_known and generator.random() < 0.74
    tract = _number_tract(generator, area) if has_tract else ""
    return _describe_place("dropoff", area if is_known else None, tract)


def _describe_place(end: str, area: Area | None, tract: str) -> Row:
    return {
        f"{end}_community_area": str(area.number) if area else "",
        f"{end}_latitude": f"{area.latitude:.3f}" if area else "",
        f"{end}_longitude": f"{area.longitude:.3f}" if area else "",
        f"{end}_census_tract": tract,
    }


def _number_tract(generator: random.Random, area: Area) -> str:
    """Make up a number in the form of a census tract's: county, area, tract."""
    return f"17031{area.number:02d}{generator.randint(1, 4):02d}00"


def _round_to_nickel(amount_usd: float) -> float:
    return round(20 * amount_usd) / 20


def main() -> None:
    """Write the sample."""
    SAMPLE_PATH.parent.mkdir(parents=True, exist_ok=True)
    SAMPLE_PATH.write_text(format_csv(generate_rows(ROW_COUNT, SEED)), encoding="utf-8")


if __name__ == "__main__":
    main()
