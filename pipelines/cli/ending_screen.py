"""The one screen that a run ends with, and that ``show`` prints again."""

from __future__ import annotations

import collections
import math
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from components.data_gate.findings import Finding
from components.model_validator.gate_result import GateResult, Outcome
from components.model_validator.gates import RULE_SIGNS
from pipelines.config.layout import OutputLayout
from pipelines.records.node_result import NodeState
from pipelines.records.run_summary import RunSummary, Verdict

_HEADLINES = {
    Verdict.PUSHED: ("PUSHED", "bold green"),
    Verdict.DATA_REFUSED: ("DATA REFUSED", "bold yellow"),
    Verdict.MODEL_REFUSED: ("MODEL REFUSED", "bold yellow"),
    Verdict.FAILED: ("FAILED", "bold red"),
    Verdict.PARTIAL: ("DONE IN PART", "bold cyan"),
}
_STYLES = {
    Outcome.PASSED: "green",
    Outcome.FAILED: "bold yellow",
    Outcome.INCONCLUSIVE: "yellow",
    Outcome.TOO_SMALL: "dim",
    Outcome.UNDEFINED: "dim",
    Outcome.NO_BASELINE: "dim",
}
_MOST_PROBLEMS = 20
_MOST_LINES = 8


def print_summary(console: Console, summary: RunSummary) -> None:
    """Print the ending screen."""
    console.print(_render(summary), highlight=False)


def print_end(console: Console, summary: RunSummary, problem: str | None) -> None:
    """Print what a run that has just ended ends with.

    Args:
        problem: Why it has no page; None where it has one.
    """
    print_summary(console, summary)
    if problem is not None:
        console.print(Text(f"warning: {problem}"), highlight=False)


def _render(summary: RunSummary) -> RenderableType:
    title, style = _HEADLINES[summary.verdict]
    headline = Text.assemble((title, style), "  ", summary.reason)
    parts: list[RenderableType] = [Text(), headline]
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
    shown = summary.problems[:_MOST_PROBLEMS]
    lines = [Text(f"{problem.rule}: {problem.message}") for problem in shown]
    if len(summary.problems) > len(shown):
        lines.append(Text(f"and {len(summary.problems) - len(shown)} more", style="dim"))
    return _indent(Group(*lines))


def _render_findings(findings: tuple[Finding, ...]) -> RenderableType:
    """Render what DataGate found, errors first, each with its first offending rows."""
    shown = findings[:_MOST_PROBLEMS]
    parts: list[RenderableType] = []
    for finding in shown:
        style = "bold yellow" if finding.severity == "error" else "dim"
        parts.append(Text.assemble((finding.severity, style), f"  {finding.message}"))
        if finding.rows:
            lines = ", ".join(str(row.line) for row in finding.rows[:_MOST_LINES])
            more = ", …" if len(finding.rows) > _MOST_LINES else ""
            where = _shorten(Path(finding.rows[0].file))
            parts.append(Text(f"       {where}: line {lines}{more}", style="dim"))
    if len(findings) > len(shown):
        parts.append(Text(f"and {len(findings) - len(shown)} more", style="dim"))
    return _indent(Group(*parts))


def _render_metrics(summary: RunSummary) -> RenderableType:
    table = _create_table("metric", "candidate", "95 % interval", "champion")
    for column in table.columns[1:]:
        column.justify = "right"
    for metric in summary.metrics:
        interval = ""
        if metric.lower is not None and metric.upper is not None:
            interval = f"{metric.lower:.4f} to {metric.upper:.4f}"
        table.add_row(
            metric.name, _format(metric.value), interval, _format(metric.baseline, "none yet")
        )
    return _indent(table)


def render_gates(gates: tuple[GateResult, ...]) -> RenderableType:
    """Render gates: each refusal, and of each gate's other slices the one nearest to its limit.

    Args:
        gates: Gates' outcomes, those of one gate next to each other.
    """
    table = _create_table("gate", "slice", "value", "limit", "champion", "outcome")
    for column in (table.columns[0], *table.columns[2:5]):
        column.no_wrap = True
    for column in table.columns[2:5]:
        column.justify = "right"
    for group in _group_by_limit(gates):
        refusing = [gate for gate in group if gate.is_refusal]
        passed = [gate for gate in group if gate.outcome is Outcome.PASSED]
        for gate in refusing:
            _add_gate(table, gate, _name_slice(gate), _STYLES[gate.outcome], gate.outcome.value)
        others = [gate for gate in group if not gate.is_refusal]
        if not others:
            continue
        nearest = min(passed or others, key=_measure_slack)
        outcomes = collections.Counter(gate.outcome.value for gate in others)
        counts = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items())
        where = _name_slice(nearest)
        if len(group) > 1 and passed:
            where = f"nearest: {where}"
        outcome = nearest.outcome.value if len(group) == 1 else counts
        _add_gate(table, nearest, where, _STYLES[nearest.outcome], outcome)
    return _indent(table)


def _group_by_limit(gates: tuple[GateResult, ...]) -> list[list[GateResult]]:
    groups: dict[tuple[str, str], list[GateResult]] = {}
    for gate in gates:
        groups.setdefault((gate.name, gate.rule), []).append(gate)
    return list(groups.values())


def _add_gate(table: Table, gate: GateResult, where: str, style: str, outcome: str) -> None:
    table.add_row(
        Text(gate.name),
        Text(where),
        _format(gate.value),
        f"{RULE_SIGNS[gate.rule]} {gate.limit:g}",
        _format(gate.baseline),
        Text(outcome, style=style),
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
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    if summary.pushed_version is not None:
        table.add_row("model", _shorten(layout.serving_root / str(summary.pushed_version)))
    if summary.report is not None:
        table.add_row("report", _shorten(Path(summary.report)))
    table.add_row("artifacts", _shorten(layout.pipeline_root))
    for node in summary.nodes:
        if node.state is NodeState.FAILED and node.log:
            table.add_row(f"log of {node.id}", _shorten(Path(node.log)))
    table.add_row("logs", _shorten(layout.run(summary.run_id).logs_directory))
    cached = sum(node.cached for node in summary.nodes)
    ran = sum(node.state is NodeState.DONE and not node.cached for node in summary.nodes)
    table.add_row("run", f"{summary.run_id}: {summary.seconds:.0f} s, {ran} ran, {cached} cached")
    return _indent(table)


def _create_table(*headers: str) -> Table:
    return Table(*headers, box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))


def _indent(renderable: RenderableType) -> Padding:
    return Padding(renderable, (1, 0, 0, 2))


def _format(value: float | None, missing: str = "") -> str:
    return missing if value is None else f"{value:.4f}"


def _shorten(path: Path) -> str:
    """Give a path as the user would type it from where they stand."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
