"""Judge the data: gather what is wrong, look up the rows, weigh it, and decide; plain Python."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from components.data_gate.anomaly_kinds import Severity
from components.data_gate.anomaly_rules import check_anomalies
from components.data_gate.checks import (
    check_comparisons,
    check_files,
    check_growth,
    check_labels,
    check_presence,
    check_row_counts,
    check_size,
)
from components.data_gate.drift import NotCompared, compare_spans, compare_splits
from components.data_gate.evidence import Evidence
from components.data_gate.findings import Comparison, DataVerdict, Finding
from components.data_gate.offending_rows import scan_rows
from components.data_gate.reconcile import ALL_ROWS, StepCount
from components.data_gate.severity import DataGateSettings, choose_severity

_SEVERITIES: tuple[Severity, ...] = ("error", "warning", "ignore")


def judge_data(evidence: Evidence, settings: DataGateSettings) -> DataVerdict:
    """Judge the data; the CSV files are read once more, for the rows at fault.

    Raises:
        ValueError: If the training split has no statistics.
        OSError: If a CSV file cannot be read.
    """
    comparisons = _compare(evidence, settings)
    violations = [
        *check_anomalies(evidence.anomalies, evidence.limits.columns, evidence.paths),
        *check_presence(evidence),
        *check_labels(evidence),
        *check_size(evidence, settings),
        *check_growth(evidence),
        *check_files(evidence),
        *check_comparisons(comparisons, evidence),
    ]
    tests = [violation.row_test for violation in violations if violation.row_test]
    scan = scan_rows(evidence.paths, tests, settings.max_offending_rows)
    all_rows = sum(scan.rows_of_file)
    # The rows of each step, each counted independently.
    steps = [
        StepCount("the CSV files", {ALL_ROWS: all_rows}),
        StepCount("CsvExampleGen", {count.split: count.rows for count in evidence.labels}),
        StepCount(
            "StatisticsGen", {split: summary.rows for split, summary in evidence.splits.items()}
        ),
    ]
    violations += check_row_counts(steps)
    offenders = iter(scan.offenders)
    findings = [
        violation.conclude(
            choose_severity(settings, violation.kind, violation.feature),
            next(offenders) if violation.row_test else None,
            all_rows,
            evidence.paths,
        )
        for violation in violations
    ]
    return DataVerdict(
        accepted=all(finding.severity != "error" for finding in findings),
        summary=_summarize(findings, evidence),
        data=evidence.data,
        previous=evidence.previous.reference if evidence.previous else None,
        files=evidence.files,
        row_counts={step.step: dict(step.rows) for step in steps},
        labels=evidence.labels,
        findings=tuple(sorted(findings, key=lambda one: _SEVERITIES.index(one.severity))),
        scores=tuple(one for one in comparisons if isinstance(one, Comparison)),
    )


def _compare(
    evidence: Evidence, settings: DataGateSettings
) -> tuple[Comparison | NotCompared, ...]:
    training, splits, limits = settings.training_split, evidence.splits, evidence.limits
    if training not in splits:
        raise ValueError(
            f"data_gate.training_split: got {training!r}, expected one of {', '.join(splits)}"
        )
    comparisons = compare_splits(splits, limits, training)
    if previous := evidence.previous:
        comparisons += compare_spans(
            splits[training], previous.training, limits, training, previous.reference.name
        )
    return comparisons


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
