"""The one table of the Chicago taxi columns. `data/README.md` describes their source."""

from __future__ import annotations

from schemas.feature_table import (
    DType,
    FairnessAttribute,
    Feature,
    FeatureTable,
    Group,
    IntegerRange,
    Numeric,
    Role,
    ShareLabel,
    Steps,
    Vocabulary,
)

# The city's nine sides, each with its community areas; all 77 are in one of them.
_SIDES = {
    "Far North": (1, 2, 3, 4, 9, 10, 11, 12, 13, 14, 76, 77),
    "Northwest": (15, 16, 17, 18, 19, 20),
    "North": (5, 6, 7, 21, 22),
    "Central": (8, 32, 33),
    "West": (23, 24, 25, 26, 27, 28, 29, 30, 31),
    "South": (34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 60, 69),
    "Southwest": (56, 57, 58, 59, 61, 62, 63, 64, 65, 66, 67, 68),
    "Far Southeast": (44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55),
    "Far Southwest": (70, 71, 72, 73, 74, 75),
}

FEATURES = FeatureTable(
    task="chicago_taxi",
    label=ShareLabel(name="big_tipper", part="tips", whole="fare", share_percent=20, unit=0.01),
    slice_columns=("payment_type", "company", "pickup_community_area", "trip_start_hour"),
    span_column="trip_start_timestamp",
    fairness_attributes=(
        FairnessAttribute(
            name="pickup_side",
            column="pickup_community_area",
            groups=tuple(Group(side, areas) for side, areas in _SIDES.items()),
        ),
        FairnessAttribute(
            name="company_kind",
            column="company",
            # An independent operator's name starts with the number of the license.
            groups=(Group("independent", pattern=r"\d+ - .*"),),
            others="company",
        ),
    ),
    features=(
        Feature(
            name="pickup_community_area",
            dtype=DType.INT,
            unit="",
            meaning="Number of the community area (1 to 77) where the trip began.",
            role=Role.INPUT,
            transformations=(Vocabulary(max_size=77, min_count=5),),
        ),
        Feature(
            name="fare",
            dtype=DType.FLOAT,
            unit="USD",
            meaning="Metered fare, without tip, tolls and extras.",
            role=Role.INPUT,
            # Card tips are mostly whole dollars: the least that beats 20 % is the step plus 1.
            transformations=(
                Numeric(buckets=40, log=True),
                Steps(unit=0.01, units_per_step=500, last_step=12),
            ),
        ),
        Feature(
            name="trip_start_month",
            dtype=DType.INT,
            unit="month of the year",
            meaning="Month in which the trip began, 1 is January.",
            role=Role.INPUT,
            transformations=(IntegerRange(1, 12),),
        ),
        Feature(
            name="trip_start_hour",
            dtype=DType.INT,
            unit="hour of the day",
            meaning="Hour in which the trip began, 0 to 23.",
            role=Role.INPUT,
            transformations=(IntegerRange(0, 23),),
        ),
        Feature(
            name="trip_start_day",
            dtype=DType.INT,
            unit="day of the week",
            meaning="Weekday on which the trip began, 1 is Sunday.",
            role=Role.INPUT,
            transformations=(IntegerRange(1, 7),),
        ),
        Feature(
            name="trip_start_timestamp",
            dtype=DType.INT,
            unit="s since 1970-01-01 00:00 UTC",
            meaning="Start of the trip, rounded to 15 minutes by the city.",
            role=Role.CONTEXT,
        ),
        Feature(
            name="pickup_latitude",
            dtype=DType.FLOAT,
            unit="degree",
            meaning="Latitude (WGS 84) of the centre of the pickup tract or area.",
            role=Role.CONTEXT,
        ),
        Feature(
            name="pickup_longitude",
            dtype=DType.FLOAT,
            unit="degree",
            meaning="Longitude (WGS 84) of the centre of the pickup tract or area.",
            role=Role.CONTEXT,
        ),
        Feature(
            name="dropoff_latitude",
            dtype=DType.FLOAT,
            unit="degree",
            meaning="Latitude (WGS 84) of the centre of the drop-off tract or area.",
            role=Role.CONTEXT,
        ),
        Feature(
            name="dropoff_longitude",
            dtype=DType.FLOAT,
            unit="degree",
            meaning="Longitude (WGS 84) of the centre of the drop-off tract or area.",
            role=Role.CONTEXT,
        ),
        Feature(
            name="trip_miles",
            dtype=DType.FLOAT,
            unit="mile",
            meaning="Distance of the trip; many meters report whole or no miles.",
            role=Role.INPUT,
            transformations=(Numeric(log=True),),
        ),
        Feature(
            name="pickup_census_tract",
            dtype=DType.INT,
            unit="",
            meaning="Census tract where the trip began; all but empty in this sample.",
            role=Role.CONTEXT,
        ),
        Feature(
            name="dropoff_census_tract",
            dtype=DType.INT,
            unit="",
            meaning="Census tract where the trip ended; empty where it would identify people.",
            role=Role.CONTEXT,
        ),
        Feature(
            name="payment_type",
            dtype=DType.BYTES,
            unit="",
            meaning="How the passenger paid; tips in cash are not recorded.",
            role=Role.INPUT,
            transformations=(Vocabulary(max_size=20),),
        ),
        Feature(
            name="company",
            dtype=DType.BYTES,
            unit="",
            meaning="Company or independent operator of the taxi.",
            role=Role.INPUT,
            transformations=(Vocabulary(max_size=100, min_count=5),),
        ),
        Feature(
            name="trip_seconds",
            dtype=DType.INT,
            unit="s",
            meaning="Duration of the trip, in whole minutes.",
            role=Role.INPUT,
            transformations=(Numeric(log=True),),
        ),
        Feature(
            name="dropoff_community_area",
            dtype=DType.INT,
            unit="",
            meaning="Number of the community area (1 to 77) where the trip ended.",
            role=Role.INPUT,
            transformations=(Vocabulary(max_size=77, min_count=5),),
        ),
        Feature(
            name="tips",
            dtype=DType.FLOAT,
            unit="USD",
            meaning="Tip as recorded by the meter; zero for cash.",
            role=Role.LABEL_SOURCE,
        ),
    ),
)
