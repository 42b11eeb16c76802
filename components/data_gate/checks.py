"""The gate's own checks, from evidence to violations: what TFDV does not look for, or lets pass."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

from components.data_gate.anomaly_rules import describe_presence
from components.data_gate.drift import NotCompared
from components.data_gate.evidence import Evidence, Violation
from components.data_gate.findings import Comparison, OffendingRow
from components.data_gate.offending_rows import (
    RowTest,
    create_interval_test,
    create_missing_test,
    create_value_test,
)
from components.data_gate.reconcile import StepCount, reconcile
from components.data_gate.severity import DataGateSettings
from components.examples.input_file import InputFile
from components.statistics_gen.column_limits import ColumnLimits
from components.statistics_gen.distances import MISSING_LABEL, REST_LABEL, Bin

_LOOK = "look at how the data was made; if this is to stay, change the limit in schema.pbtxt"
_MEASURES = {"l_infinity": "L-infinity distance", "jensen_shannon": "Jensen–Shannon divergence"}
_BASES = {"drift": "DRIFT_HIGH", "skew": "SPLIT_SKEW_HIGH"}


def check_row_counts(steps: Sequence[StepCount]) -> Iterator[Violation]:
    """Compare the rows of each step with those of the one before it."""
    for before, after in itertools.pairwise(steps):
        for mismatch in reconcile(before, after):
            yield Violation(
                "ROW_COUNTS_DIFFER",
                None,
                (mismatch.split,) if mismatch.split in after.rows else (),
                observed=f"{mismatch.after}: {mismatch.rows_after:,} rows",
                limit=f"{mismatch.before}: {mismatch.rows_before:,} rows",
                remedy=mismatch.remedy,
            )


def check_size(evidence: Evidence, settings: DataGateSettings) -> Iterator[Violation]:
    """Find data and splits with too few rows."""
    sizes = {split: summary.rows for split, summary in evidence.splits.items()}
    total = sum(sizes.values())
    counted = [((), total, f"{total:,} rows", "min_rows")] + [
        ((split,), rows, f"{rows:,} rows in split {split!r}", "min_split_rows")
        for split, rows in sizes.items()
    ]
    for splits, rows, observed, key in counted:
        if rows < (min_rows := getattr(settings, key)):
            limit, remedy = f"at least {min_rows:,}", f"give more rows, or lower data_gate.{key}"
            yield Violation("LOW_ROW_COUNT", None, splits, observed, limit, remedy)


def check_growth(evidence: Evidence) -> Iterator[Violation]:
    """Compare the number of rows with that of the previous accepted data."""
    previous, limits = evidence.previous, evidence.limits
    if previous is None or not previous.rows:
        return
    growth = evidence.rows / previous.rows
    name = previous.reference.name
    observed = f"{evidence.rows:,} rows, {growth:.2g} times the {previous.rows:,} of {name}"
    if limits.min_growth is not None and growth < limits.min_growth:
        limit = f"at least {limits.min_growth} times"
        yield Violation("COMPARATOR_LOW_NUM_EXAMPLES", None, (), observed, limit, _LOOK)
    if limits.max_growth is not None and growth > limits.max_growth:
        limit = f"at most {limits.max_growth} times"
        yield Violation("COMPARATOR_HIGH_NUM_EXAMPLES", None, (), observed, limit, _LOOK)


def check_labels(evidence: Evidence) -> Iterator[Violation]:
    """Find splits whose rows all have the same label."""
    for count in evidence.labels:
        if count.is_constant:
            value = int(count.positives > 0)
            yield Violation(
                "LABEL_CONSTANT",
                evidence.label_name,
                (count.split,),
                observed=f"{value} in all {count.rows:,} rows of split {count.split!r}",
                limit="both 0 and 1 in each split",
                remedy="give data with both; if there are few rows, give more",
            )


def check_presence(evidence: Evidence) -> Iterator[Violation]:
    """Hold the schema's presence against values: TFDV counts an empty list as present.

    A column whose every row needs a value is left to TFDV, which finds it.
    """
    for column in evidence.limits.columns.values():
        present = {
            split: feature.present
            for split, summary in evidence.splits.items()
            if not column.needs_value and (feature := summary.features.get(column.name))
            if feature.present < max(column.min_count, column.min_fraction * summary.rows)
        }
        if present:
            yield Violation(
                "TOO_FEW_VALUES" if any(present.values()) else "ALL_VALUES_MISSING",
                column.name,
                tuple(present),
                observed=None,
                limit=describe_presence(column),
                remedy="fill the cells, or change the column's presence in schema.pbtxt",
                row_test=create_missing_test(column.name),
            )


def check_files(evidence: Evidence) -> Iterator[Violation]:
    """Find a file that came twice, now or with the previous span."""
    first: dict[str, InputFile] = {}
    for file in evidence.files:
        twin = first.setdefault(file.sha256, file)
        if twin is not file:
            yield _create_file_violation("DUPLICATED_FILE", file, twin)
    previous = evidence.previous
    if previous is not None and previous.reference.span != evidence.data.span:
        earlier = {file.sha256: file for file in previous.files}
        for file in evidence.files:
            if file.sha256 in earlier:
                twin, whose = earlier[file.sha256], f" of {previous.reference.name}"
                yield _create_file_violation("REPEATED_FILE", file, twin, whose)


def check_comparisons(
    comparisons: Iterable[Comparison | NotCompared], evidence: Evidence
) -> Iterator[Violation]:
    """Find columns that moved too far, or could not be compared."""
    for comparison in comparisons:
        if isinstance(comparison, NotCompared):
            yield _create_not_compared_violation(comparison)
        elif comparison.is_exceeded:
            yield _create_distance_violation(
                comparison, evidence.limits.columns[comparison.feature]
            )


def _create_file_violation(
    kind: str, file: InputFile, twin: InputFile, whose: str = ""
) -> Violation:
    return Violation(
        kind,
        None,
        (),
        observed=f"the same {file.rows:,} rows as {twin.path}{whose}",
        limit="rows of its own",
        remedy="remove it, or replace it with the file that was meant",
        rows=(OffendingRow(file=file.path, line=1, value=""),),
    )


def _create_not_compared_violation(missing: NotCompared) -> Violation:
    side = "CONTROL" if missing.is_reference_at_fault else "TREATMENT"
    return Violation(
        f"COMPARATOR_{side}_DATA_MISSING",
        missing.feature,
        (missing.split,),
        observed=missing.reason,
        limit=f"a column to compare with {missing.reference}",
        remedy="give the column, or remove its comparator from schema.pbtxt",
    )


def _create_distance_violation(comparison: Comparison, column: ColumnLimits) -> Violation:
    distance, grown = comparison.distance, comparison.distance.grown_bin
    return Violation(
        _BASES[comparison.basis],
        comparison.feature,
        (comparison.split,),
        observed=f"{_MEASURES[distance.measure]} of split {comparison.split!r} from "
        f"{comparison.reference} is {distance.value:.3f}; the share of {grown.label!r} went from "
        f"{grown.reference_share:.1%} to {grown.observed_share:.1%}",
        limit=f"at most {comparison.limit:g} + {distance.noise:.3f} for chance",
        remedy=_LOOK,
        row_test=_create_bin_test(column, grown),
        comparison=comparison,
    )


def _create_bin_test(column: ColumnLimits, held: Bin) -> RowTest | None:
    if held.is_interval:
        return create_interval_test(column.name, held.low, held.high, column.is_float)
    if held.label == MISSING_LABEL:
        return create_missing_test(column.name)
    return None if held.label == REST_LABEL else create_value_test(column.name, held.label)
