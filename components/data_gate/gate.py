"""Judge the data: gather what is wrong, look up the rows, weigh it, and decide.

This module is plain Python.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator, Sequence

from components.data_gate.anomaly_kinds import Severity
from components.data_gate.anomaly_rules import suspect_anomalies
from components.data_gate.checks import (
    check_files,
    check_growth,
    check_labels,
    check_presence,
    check_row_counts,
    check_size,
    suspect_comparisons,
)
from components.data_gate.drift import NotCompared, compare_spans, compare_splits
from components.data_gate.evidence import Evidence
from components.data_gate.findings import Comparison, DataVerdict, Finding, OffendingRow
from components.data_gate.offending_rows import Offenders, Scan, scan_rows
from components.data_gate.reconcile import ALL_ROWS, StepCount
from components.data_gate.severity import DataGateSettings, choose_severity
from components.data_gate.suspicion import Suspicion

_SEVERITIES: tuple[Severity, ...] = ("error", "warning", "ignore")
_SHOWN_VALUES = 3
_NO_OFFENDERS = Offenders(0, (), {})


@dataclasses.dataclass(frozen=True)
class _Case:
    """A suspicion, and the rows at fault."""

    suspicion: Suspicion
    offenders: Offenders
    all_rows: int
    paths: tuple[str, ...]


def judge_data(evidence: Evidence, settings: DataGateSettings) -> DataVerdict:
    """Judge the data.

    Args:
        evidence: What is known of it; the CSV files are read once more, for their rows.

    Returns:
        The verdict: accepted if nothing of severity ``error`` was found.

    Raises:
        ValueError: If the training split has no statistics.
        OSError: If a CSV file cannot be read.
    """
    comparisons = _compare(evidence, settings)
    suspicions = [
        *suspect_anomalies(evidence.anomalies, evidence.limits.columns, evidence.paths),
        *check_presence(evidence),
        *check_labels(evidence),
        *check_size(evidence, settings),
        *check_growth(evidence),
        *check_files(evidence),
        *suspect_comparisons(comparisons, evidence),
    ]
    tests = [suspicion.row_test for suspicion in suspicions if suspicion.row_test]
    scan = scan_rows(evidence.paths, tests, settings.max_offending_rows)
    steps = _count_steps(evidence, scan)
    suspicions += check_row_counts(steps)
    findings = _weigh(_pair_with_rows(suspicions, scan, evidence), settings)
    return DataVerdict(
        accepted=all(finding.severity != "error" for finding in findings),
        summary=_summarize(findings, evidence),
        data=evidence.data,
        previous=evidence.previous.reference if evidence.previous else None,
        files=evidence.files,
        row_counts={step.step: dict(step.rows) for step in steps},
        labels=evidence.labels,
        findings=findings,
        scores=tuple(one for one in comparisons if isinstance(one, Comparison)),
    )


def _compare(evidence: Evidence, settings: DataGateSettings) -> list[Comparison | NotCompared]:
    training = settings.training_split
    if training not in evidence.splits:
        raise ValueError(
            f"data_gate.training_split: got {training!r}, expected one of "
            f"{', '.join(evidence.splits)}"
        )
    comparisons = list(compare_splits(evidence.splits, evidence.limits, training))
    previous = evidence.previous
    if previous is not None:
        comparisons += compare_spans(
            evidence.splits[training],
            previous.training,
            evidence.limits,
            training,
            previous.reference.name,
        )
    return comparisons


def _count_steps(evidence: Evidence, scan: Scan) -> list[StepCount]:
    """Gather the rows of each step, each counted anew."""
    return [
        StepCount("the CSV files", {ALL_ROWS: sum(scan.rows_of_file)}),
        StepCount("CsvExampleGen", {count.split: count.rows for count in evidence.labels}),
        StepCount(
            "StatisticsGen", {split: summary.rows for split, summary in evidence.splits.items()}
        ),
    ]


def _pair_with_rows(
    suspicions: Sequence[Suspicion], scan: Scan, evidence: Evidence
) -> Iterator[_Case]:
    all_rows = sum(scan.rows_of_file)
    found = iter(scan.offenders)
    for suspicion in suspicions:
        offenders = next(found) if suspicion.row_test else _NO_OFFENDERS
        yield _Case(suspicion, offenders, all_rows, evidence.paths)


def _weigh(cases: Iterator[_Case], settings: DataGateSettings) -> tuple[Finding, ...]:
    findings = [_conclude(case, settings) for case in cases]
    return tuple(sorted(findings, key=lambda finding: _SEVERITIES.index(finding.severity)))


def _conclude(case: _Case, settings: DataGateSettings) -> Finding:
    suspicion, offenders = case.suspicion, case.offenders
    is_about_rows = suspicion.row_test is not None
    observed = suspicion.observed or _describe_offenders(case)
    rows = offenders.rows or suspicion.rows
    return Finding(
        feature=suspicion.feature,
        kind=suspicion.kind,
        severity=choose_severity(settings, suspicion.kind, suspicion.feature),
        splits=suspicion.splits,
        observed=observed,
        limit=suspicion.limit,
        share=offenders.count / case.all_rows if is_about_rows and case.all_rows else None,
        rows_affected=offenders.count if is_about_rows else None,
        message=f"{_locate(suspicion.feature, rows, case.paths)}: {observed}; expected "
        f"{suspicion.limit}; {suspicion.remedy}",
        rows=rows,
        comparison=suspicion.comparison,
    )


def _describe_offenders(case: _Case) -> str:
    """Say how many rows are at fault, and with which values."""
    count, all_rows = case.offenders.count, case.all_rows
    share = f"{count:,} of {all_rows:,} rows ({count / max(all_rows, 1):.1%})"
    values = Counter(case.offenders.counts_of_values)
    if not set(values) - {""}:
        return f"{share} have no value"
    shown = ", ".join(f"{value!r} ({rows:,})" for value, rows in values.most_common(_SHOWN_VALUES))
    more = len(values) - _SHOWN_VALUES
    return f"{share} hold {shown}{f' and {more} other values' if more > 0 else ''}"


def _locate(feature: str | None, rows: Sequence[OffendingRow], paths: Sequence[str]) -> str:
    """Name the file, line and column as closely as they are known."""
    if rows:
        place = f"{rows[0].file}, line {rows[0].line}"
    else:
        more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        place = f"{paths[0]}{more}"
    return f"{place}, column {feature!r}" if feature else place


def _summarize(findings: Sequence[Finding], evidence: Evidence) -> str:
    counts = Counter(finding.severity for finding in findings)
    errors, warnings = counts["error"], counts["warning"]
    found = f"{errors} error{'s' * (errors != 1)}, {warnings} warning{'s' * (warnings != 1)}"
    previous = evidence.previous
    compared = (
        f"compared with {previous.reference.name}"
        if previous
        else "no data was accepted before, so drift was not checked"
    )
    return f"{'refused' if errors else 'accepted'}: {found}; {compared}"
