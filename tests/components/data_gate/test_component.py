"""The component DataGate, on real artifacts."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from tensorflow_data_validation.utils.anomalies_util import load_anomalies_binary

from components.data_gate.findings import Finding
from components.data_gate.severity import DataGateSettings, FeatureSeverity
from components.problem import DataRefusedError
from tests.components.deliveries import (
    Data,
    Edit,
    Judged,
    Row,
    lay_out,
    read_sample,
    run_gate,
)


def change(rows: list[Row], edit: Edit, *places: int) -> list[Row]:
    """Edit the rows at some places, counted from 0; all rows if there are none."""
    for place in places or range(len(rows)):
        edit(rows[place])
    return rows


def find(judged: Judged, kind: str) -> Finding:
    """Find the one finding of a kind."""
    [finding] = [one for one in judged.verdict.findings if one.kind == kind]
    return finding


def test_good_data_is_accepted(good: tuple[Data, Judged]) -> None:
    """Nothing is found, and the verdict says that there was nothing to compare with."""
    data, judged = good

    assert judged.verdict.accepted
    assert judged.verdict.findings == ()
    assert judged.verdict.previous is None
    assert "drift was not checked" in judged.verdict.summary
    assert judged.artifact.get_int_custom_property("accepted") == 1
    assert judged.artifact.get_int_custom_property("statistics_id") == data.statistics.id


def test_the_verdict_holds_counts_and_scores(good: tuple[Data, Judged]) -> None:
    """Rows agree at each step, labels are counted, and each split is compared with training."""
    verdict = good[1].verdict

    steps = list(verdict.row_counts.values())
    assert steps[0] == {"all": 1200}
    assert steps[1] == steps[2]
    assert sum(steps[1].values()) == 1200
    assert {count.split: count.rows for count in verdict.labels} == steps[1]
    assert 0 < sum(count.positives for count in verdict.labels) < 1200
    assert {score.basis for score in verdict.scores} == {"skew"}
    assert {score.split for score in verdict.scores} == {"validation", "test"}
    assert not any(score.is_exceeded for score in verdict.scores)


def test_an_unknown_category_is_refused_with_its_rows(rows: list[Row], tmp_path: Path) -> None:
    """The finding names file, line, column, value, limit and share, and shows 20 rows at most."""
    data = lay_out(
        tmp_path, change(rows, lambda row: row.update(payment_type="Shells"), *range(2, 52, 2))
    )
    judged = run_gate(tmp_path, data)

    assert not judged.verdict.accepted
    assert judged.artifact.get_int_custom_property("accepted") == 0
    finding = find(judged, "ENUM_TYPE_UNEXPECTED_STRING_VALUES")
    assert finding.feature == "payment_type"
    assert finding.rows_affected == 25
    assert finding.share == 25 / 1200
    assert len(finding.rows) == 20
    assert (finding.rows[0].file, finding.rows[0].line) == (data.paths[0], 4)
    assert {row.value for row in finding.rows} == {"Shells"}
    for part in (f"{data.paths[0]}, line 4, column 'payment_type'", "'Shells'", "schema accept"):
        assert part in finding.message
    [problem] = judged.verdict.problems
    assert (problem.rule, problem.file, problem.line, problem.column, problem.value) == (
        finding.kind,
        data.paths[0],
        4,
        "payment_type",
        "Shells",
    )


def test_the_published_anomalies_stay_as_they_are(rows: list[Row], tmp_path: Path) -> None:
    """TFDV still opens them, and finds in them what it wrote."""
    data = lay_out(tmp_path, change(rows, lambda row: row.update(payment_type="Shells"), 1))
    files = sorted(Path(data.anomalies.uri).rglob("*.pb"))
    before = [path.read_bytes() for path in files]

    run_gate(tmp_path, data)

    assert [path.read_bytes() for path in files] == before
    found = [load_anomalies_binary(str(path)).anomaly_info for path in files]
    assert any("payment_type" in anomalies for anomalies in found)


@pytest.mark.parametrize(
    ("kind", "column", "value", "limit"),
    [
        ("FLOAT_TYPE_SMALL_FLOAT", "fare", "-3.25", "at least 0"),
        ("FLOAT_TYPE_BIG_FLOAT", "trip_miles", "10000", "at most 9999"),
        ("INT_TYPE_BIG_INT", "trip_start_hour", "24", "at most 23"),
        ("INT_TYPE_SMALL_INT", "pickup_community_area", "0", "at least 1"),
        ("FEATURE_TYPE_LOW_NUMBER_VALUES", "fare", "", "a value in every row"),
    ],
)
def test_a_cell_at_fault_is_found_in_its_line(
    rows: list[Row], tmp_path: Path, kind: str, column: str, value: str, limit: str
) -> None:
    """One bad cell refuses the data, and its line is the only one shown."""
    data = lay_out(tmp_path, change(rows, lambda row: row.update({column: value}), 7))
    judged = run_gate(tmp_path, data)

    finding = find(judged, kind)
    assert [(row.line, row.value) for row in finding.rows] == [(9, value)]
    assert finding.limit == limit
    assert judged.verdict.errors == (finding,)


def test_an_optional_column_without_any_value_is_refused(rows: list[Row], tmp_path: Path) -> None:
    """TFDV takes empty lists for values, and the gate does not."""
    data = lay_out(tmp_path, change(rows, lambda row: row.update(company="")))
    judged = run_gate(tmp_path, data)

    finding = find(judged, "ALL_VALUES_MISSING")
    assert (finding.feature, finding.share) == ("company", 1.0)
    assert set(finding.splits) == {"train", "validation", "test"}


def test_a_constant_label_is_refused(rows: list[Row], tmp_path: Path) -> None:
    """Without a tip no row has label 1, in each of the splits."""
    data = lay_out(tmp_path, change(rows, lambda row: row.update(tips="0")))
    judged = run_gate(tmp_path, data)

    constant = [one for one in judged.verdict.errors if one.kind == "LABEL_CONSTANT"]
    assert [one.splits for one in constant] == [("train",), ("validation",), ("test",)]
    assert {one.feature for one in constant} == {"big_tipper"}


def test_a_new_column_is_a_warning(rows: list[Row], tmp_path: Path) -> None:
    """It is reported with the header's line, and the data goes on."""
    data = lay_out(tmp_path, change(rows, lambda row: row.update(zone="a")))
    judged = run_gate(tmp_path, data)

    finding = find(judged, "SCHEMA_NEW_COLUMN")
    assert judged.verdict.accepted
    assert (finding.feature, finding.severity) == ("zone", "warning")
    assert [(row.file, row.line) for row in finding.rows] == [(data.paths[0], 1)]


def test_few_rows_are_refused(rows: list[Row], tmp_path: Path) -> None:
    """Both the data and its smallest split have limits."""
    judged = run_gate(tmp_path, lay_out(tmp_path, rows[:60]))

    small = [one for one in judged.verdict.errors if one.kind == "LOW_ROW_COUNT"]
    assert ("60 rows", "at least 100") in [(one.observed, one.limit) for one in small]
    assert ("validation",) in [one.splits for one in small]


def test_severity_is_configured(rows: list[Row], tmp_path: Path) -> None:
    """What is set to warn for one column no longer refuses the data."""
    data = lay_out(tmp_path, change(rows, lambda row: row.update(payment_type="Shells"), 1))
    settings = DataGateSettings(features={"payment_type": FeatureSeverity(severity="warning")})
    judged = run_gate(tmp_path, data, settings=settings)

    assert judged.verdict.accepted
    assert [one.severity for one in judged.verdict.findings] == ["warning"]


def test_the_same_data_has_not_drifted_from_itself(good: tuple[Data, Judged]) -> None:
    """Each drift score is 0, and the data accepted before is named."""
    data, judged = good
    again = run_gate(Path(judged.artifact.uri).parent, data, previous=good)

    drift = [score for score in again.verdict.scores if score.basis == "drift"]
    assert again.verdict.accepted
    assert again.verdict.previous == judged.verdict.data
    assert drift
    assert {score.distance.value for score in drift} == {0.0}


def test_a_doubled_fare_is_refused_as_drift(
    good: tuple[Data, Judged], rows: list[Row], tmp_path: Path
) -> None:
    """The score can be recomputed from its bins, and the rows shown are in the bin that grew."""
    data = lay_out(
        tmp_path, change(rows, lambda row: row.update(fare=f"{2 * float(row['fare']):.2f}"))
    )
    judged = run_gate(tmp_path, data, previous=good)

    finding = find(judged, "DRIFT_HIGH")
    assert (finding.feature, finding.splits) == ("fare", ("train",))
    assert finding.comparison is not None
    distance = finding.comparison.distance
    score = 0.0
    for one in distance.bins:
        middle = (one.reference_share + one.observed_share) / 2
        for share in (one.reference_share, one.observed_share):
            score += share * math.log2(share / middle) / 2 if share else 0.0
    assert score == pytest.approx(distance.value, abs=1e-12)
    assert distance.value > finding.comparison.limit + distance.noise
    grown = distance.grown_bin
    assert grown.low is not None
    assert all(float(row.value) > grown.low for row in finding.rows)
    assert finding.rows_affected is not None
    assert finding.rows_affected / 1200 == pytest.approx(grown.observed_share, abs=0.05)


def test_far_more_rows_are_a_warning(good: tuple[Data, Judged], tmp_path: Path) -> None:
    """A file ten times the size, of other rows, is reported and goes on."""
    rows = [
        {**row, "trip_start_timestamp": str(int(row["trip_start_timestamp"]) + 900 * number)}
        for number in range(10)
        for row in read_sample()
    ]
    judged = run_gate(tmp_path, lay_out(tmp_path, rows), previous=good)

    assert judged.verdict.accepted
    assert find(judged, "COMPARATOR_HIGH_NUM_EXAMPLES").observed.startswith("12,000 rows, 10 times")


def test_a_file_that_came_twice_is_refused(rows: list[Row], tmp_path: Path) -> None:
    """The second of two files with the same bytes is named, and so is the first."""
    data = lay_out(tmp_path, rows, rows)
    judged = run_gate(tmp_path, data)

    finding = find(judged, "DUPLICATED_FILE")
    assert finding.rows[0].file == data.paths[1]
    assert data.paths[0] in finding.message
    assert not judged.verdict.accepted


def test_the_previous_spans_file_is_refused(rows: list[Row], tmp_path: Path) -> None:
    """A later span with the same bytes is refused; the same span again is not."""
    first = lay_out(tmp_path / "first", rows, span=15706)
    accepted = run_gate(tmp_path / "first", first)
    later = lay_out(tmp_path / "later", rows, span=15796)

    refused = run_gate(tmp_path / "later", later, previous=(first, accepted))
    again = run_gate(tmp_path / "first", first, previous=(first, accepted))

    finding = find(refused, "REPEATED_FILE")
    assert finding.rows[0].file == later.paths[0]
    assert "span 2013-01-01" in finding.message
    assert again.verdict.accepted


def test_lost_rows_are_refused(rows: list[Row], tmp_path: Path) -> None:
    """Examples that the CSV file has and a split has not are counted, and both numbers named."""
    data = lay_out(tmp_path, rows)
    shard = Path(data.examples.uri, "Split-test", "data.parquet")
    shard.write_bytes(Path(data.examples.uri, "Split-validation", "data.parquet").read_bytes())
    judged = run_gate(tmp_path, data)

    assert {one.kind for one in judged.verdict.errors} == {"ROW_COUNTS_DIFFER"}
    assert "1,200 rows" in judged.verdict.errors[0].message


def test_a_file_that_changed_during_the_run_is_refused(rows: list[Row], tmp_path: Path) -> None:
    """Lines of another file than was read would mislead, so there is no verdict."""
    data = lay_out(tmp_path, rows)
    Path(data.paths[0]).write_text("fare\n1\n")

    with pytest.raises(DataRefusedError, match="has changed"):
        run_gate(tmp_path, data)
