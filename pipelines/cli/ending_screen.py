"""The one screen that a run ends with, and that ``show`` prints again."""

from __future__ import annotations

import collections
import math
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from components.data_gate.findings import Finding
from components.model_validator.gate_result import GateResult, Outcome
from components.model_validator.gates import RULE_SIGNS
from pipelines.cli.screen import add_row, create_table, format_score, indent, render_headline
from pipelines.config.layout import OutputLayout
from pipelines.records.node_result import NodeState
from pipelines.records.run_summary import RunSummary

_STYLES = {Outcome.PASSED: "green", Outcome.FAILED: "bold yellow", Outcome.INCONCLUSIVE: "yellow"}
_MAX_PROBLEMS = 20
_MAX_LINES = 8


def print_summary(console: Console, summary: RunSummary, problem: str | None = None) -> None:
    """Print the ending screen; ``problem`` says why a run that has just ended has no page."""
    console.print(_render(summary), highlight=False)
    if problem is not None:
        console.print(Text(f"warning: {problem}"), highlight=False)


def _render(summary: RunSummary) -> RenderableType:
    parts: list[RenderableType] = [Text(), render_headline(summary.verdict, summary.reason)]
    if summary.problems and not (summary.data and summary.data.errors):
        parts.append(_render_problems(summary))
    if summary.data is not None and summary.data.findings:
        parts.append(_render_findings(summary.data.findings))
    if summary.metrics:
        parts.append(_render_metrics(summary))
    if summary.gates:
        parts.append(render_gates(summary.gates))
    parts.append(_render_places(summary))
    return Group(*parts)


def _render_problems(summary: RunSummary) -> RenderableType:
    shown = (f"{each.rule}: {each.message}" for each in summary.problems[:_MAX_PROBLEMS])
    return indent(Group(*map(Text, shown), *_count_more(summary.problems)))


def _render_findings(findings: tuple[Finding, ...]) -> RenderableType:
    """Render what DataGate found, errors first, each with its first offending rows."""
    parts: list[RenderableType] = []
    for finding in findings[:_MAX_PROBLEMS]:
        style = "bold yellow" if finding.severity == "error" else "dim"
        parts.append(Text.assemble((finding.severity, style), f"  {finding.message}"))
        if finding.rows:
            lines = ", ".join(str(row.line) for row in finding.rows[:_MAX_LINES])
            more = ", …" if len(finding.rows) > _MAX_LINES else ""
            where = _shorten(Path(finding.rows[0].file))
            parts.append(Text(f"       {where}: line {lines}{more}", style="dim"))
    return indent(Group(*parts, *_count_more(findings)))


def _count_more(listed: Sequence[object]) -> list[Text]:
    more = len(listed) - _MAX_PROBLEMS
    return [Text(f"and {more} more", style="dim")] if more > 0 else []


def _render_metrics(summary: RunSummary) -> RenderableType:
    numbers = ("candidate", "95 % interval", "champion")
    table = create_table("metric", *numbers, right=numbers)
    for metric in summary.metrics:
        interval = ""
        if metric.lower is not None and metric.upper is not None:
            interval = f"{metric.lower:.4f} to {metric.upper:.4f}"
        champion = format_score(metric.baseline, "none yet")
        add_row(table, metric.name, format_score(metric.value), interval, champion)
    return indent(table)


def render_gates(gates: tuple[GateResult, ...]) -> RenderableType:
    """Render gates: each refusal, and of each gate's other slices the one nearest to its limit."""
    numbers = ("value", "limit", "champion")
    headers = ("gate", "slice", *numbers, "outcome")
    table = create_table(*headers, right=numbers, no_wrap=("gate", *numbers))
    groups: dict[tuple[str, str], list[GateResult]] = {}
    for gate in gates:
        groups.setdefault((gate.name, gate.rule), []).append(gate)
    for group in groups.values():
        for gate in group:
            if gate.is_refusal:
                _add_gate(table, gate, _name_slice(gate), gate.outcome.words)
        others = [gate for gate in group if not gate.is_refusal]
        if not others:
            continue
        passed = [gate for gate in others if gate.outcome is Outcome.PASSED]
        nearest = min(passed or others, key=_measure_slack)
        outcomes = collections.Counter(gate.outcome.words for gate in others)
        counts = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items())
        where = _name_slice(nearest)
        if len(group) > 1 and passed:
            where = f"nearest: {where}"
        outcome = nearest.outcome.words if len(group) == 1 else counts
        _add_gate(table, nearest, where, outcome)
    return indent(table)


def _add_gate(table: Table, gate: GateResult, where: str, outcome: str) -> None:
    add_row(
        table,
        gate.name,
        where,
        format_score(gate.value),
        f"{RULE_SIGNS[gate.rule]} {gate.limit:g}",
        format_score(gate.baseline),
        Text(outcome, style=_STYLES.get(gate.outcome, "dim")),
    )


def _measure_slack(gate: GateResult) -> float:
    """Measure how far a value is from its limit, for sorting."""
    if gate.value is None:
        return math.inf
    if gate.rule not in ("max_drop", "max_rise"):
        return abs(gate.value - gate.limit)
    change = gate.value - (gate.baseline if gate.baseline is not None else gate.value)
    return gate.limit + change if gate.rule == "max_drop" else gate.limit - change


def _name_slice(gate: GateResult) -> str:
    """Name the rows judged; of a fairness gate the two groups that are furthest apart."""
    return gate.slice if gate.groups is None else f"{gate.groups[0]} over {gate.groups[1]}"


def _render_places(summary: RunSummary) -> RenderableType:
    layout = OutputLayout(Path(summary.output_root))
    places: list[tuple[str, Path]] = []
    if summary.pushed_version is not None:
        places.append(("model", layout.serving_root / str(summary.pushed_version)))
    if summary.report is not None:
        places.append(("report", Path(summary.report)))
    places.append(("artifacts", layout.pipeline_root))
    for node in summary.nodes:
        if node.state is NodeState.FAILED and node.log:
            places.append((f"log of {node.id}", Path(node.log)))
    places.append(("logs", layout.run(summary.run_id).logs_directory))
    cached = sum(node.cached for node in summary.nodes)
    ran = sum(node.state is NodeState.DONE and not node.cached for node in summary.nodes)
    table = create_table("", "")
    table.show_header = False
    table.columns[0].style, table.columns[1].overflow = "dim", "fold"
    for name, path in places:
        add_row(table, name, _shorten(path))
    add_row(table, "run", f"{summary.run_id}: {summary.seconds:.0f} s, {ran} ran, {cached} cached")
    return indent(table)


def _shorten(path: Path) -> str:
    """Shorten a path to what the user would type in the working folder."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
