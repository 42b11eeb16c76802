"""TFDV's anomalies in terms of cells."""

from __future__ import annotations

from components.data_gate.anomaly_rules import check_anomalies
from components.data_gate.published_anomalies import Anomaly
from components.statistics_gen.column_limits import ColumnLimits

COLUMNS = {
    "city": ColumnLimits("city", values=frozenset("abcdef"), min_domain_mass=0.9),
    "hour": ColumnLimits("hour", low=0, high=23),
    "flag": ColumnLimits("flag"),
}


def test_an_anomaly_of_several_splits_is_one_suspicion() -> None:
    """The CSV rows at fault are looked up once for all of them."""
    anomalies = [
        Anomaly(split=split, feature="hour", kind="INT_TYPE_BIG_INT", message="")
        for split in ("a", "b")
    ]

    [violation] = check_anomalies(anomalies, COLUMNS, ["x.csv"])

    assert violation.splits == ("a", "b")
    assert violation.limit == "at most 23"
    assert violation.row_test is not None
    assert [violation.row_test.is_offending(cell) for cell in ("23", "24", "-1")] == [
        False,
        True,
        False,
    ]


def test_a_domain_is_shown_in_short() -> None:
    """With how many rows may be outside of it."""
    anomaly = Anomaly(
        split="a", feature="city", kind="ENUM_TYPE_UNEXPECTED_STRING_VALUES", message=""
    )

    [violation] = check_anomalies([anomaly], COLUMNS, ["x.csv"])

    assert violation.limit == (
        "one of 'a', 'b', 'c', 'd', 'e' and 1 more, in all but 10.0% of the rows with a value"
    )


def test_what_cannot_be_told_of_cells_keeps_tfdvs_words() -> None:
    """Nothing is lost of an anomaly of a kind, or on a column, without a rule of ours."""
    anomalies = [
        Anomaly(split="a", feature="flag", kind="BOOL_TYPE_BIG_INT", message="2 is no boolean"),
        Anomaly(split="a", feature=None, kind="DATASET_LOW_NUM_EXAMPLES", message="too few"),
    ]

    violations = check_anomalies(anomalies, COLUMNS, ["x.csv"])

    assert [one.observed for one in violations] == ["2 is no boolean", "too few"]
    assert [one.row_test for one in violations] == [None, None]
