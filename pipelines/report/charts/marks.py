"""How states, verdicts, outcomes and severities look: by a word, a sign and a color together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from components.data_gate.anomaly_kinds import Severity
from components.model_validator.gate_result import GateResult, Outcome
from pipelines.records.node_result import NodeState
from pipelines.records.run_summary import Verdict
from pipelines.report.model.data_report import FeatureReport

Tone = Literal["good", "bad", "warn", "calm"]
"""The meaning of a color: fine, refused or broken, worth a look, neutral."""
Sign = Literal["check", "cross", "stop", "alert", "info", "dash", "again"]
"""Which drawing of ``signs.html`` stands beside the word."""


class Mark(NamedTuple):
    """How one state is shown."""

    word: str
    tone: Tone
    sign: Sign


VERDICT_MARKS: Mapping[Verdict, Mark] = {
    Verdict.PUSHED: Mark("Pushed", "good", "check"),
    Verdict.DATA_REFUSED: Mark("Data refused", "warn", "stop"),
    Verdict.MODEL_REFUSED: Mark("Model refused", "warn", "stop"),
    Verdict.FAILED: Mark("Failed", "bad", "cross"),
    Verdict.PARTIAL: Mark("Partial run", "calm", "info"),
}
STATE_MARKS: Mapping[NodeState, Mark] = {
    NodeState.DONE: Mark("ran", "good", "check"),
    NodeState.CACHED: Mark("cached", "calm", "again"),
    NodeState.DATA_REFUSED: Mark("data refused", "warn", "stop"),
    NodeState.MODEL_REFUSED: Mark("model refused", "warn", "stop"),
    NodeState.FAILED: Mark("failed", "bad", "cross"),
    NodeState.SKIPPED: Mark("not started", "calm", "dash"),
}
SEVERITY_MARKS: Mapping[Severity, Mark] = {
    "error": Mark("error", "bad", "stop"),
    "warning": Mark("warning", "warn", "alert"),
    "ignore": Mark("ignored", "calm", "info"),
}
ITEM_MARKS: Mapping[str, Mark] = {
    "automated": Mark("automated", "good", "check"),
    "in part": Mark("in part", "warn", "alert"),
    "not met": Mark("not met", "calm", "dash"),
    "not done": Mark("not done", "calm", "dash"),
    "not by a run": Mark("not shown by runs", "calm", "info"),
}
DISTANCE_MARKS: Mapping[bool, Mark] = {
    False: Mark("within limit", "good", "check"),
    True: Mark("exceeded", "bad", "cross"),
}
"""By whether a drift or skew limit is exceeded."""
REFUSAL_MARKS: Mapping[bool, Mark] = {
    False: Mark("allowed", "good", "check"),
    True: Mark("not allowed", "bad", "stop"),
}
"""By whether a difference from the curated schema is refused."""
_OUTCOME_MARKS: Mapping[Outcome, Mark] = {
    Outcome.PASSED: Mark("passed", "good", "check"),
    Outcome.FAILED: Mark("failed", "bad", "cross"),
    Outcome.INCONCLUSIVE: Mark("inconclusive", "warn", "alert"),
    Outcome.TOO_SMALL: Mark("too small", "calm", "dash"),
    Outcome.UNDEFINED: Mark("undefined", "calm", "dash"),
    Outcome.NO_BASELINE: Mark("no champion", "calm", "dash"),
}


def mark_gate(gate: GateResult) -> Mark:
    """Show a gate's outcome; an inconclusive one that refuses the model looks like a refusal."""
    if gate.outcome is Outcome.INCONCLUSIVE and gate.is_refusal:
        return Mark("inconclusive: refused", "bad", "stop")
    return _OUTCOME_MARKS[gate.outcome]


def rank_gate(gate: GateResult) -> tuple[bool, bool]:
    """Give what gates are sorted by: those that refuse the model, those that passed, the others."""
    return not gate.is_refusal, gate.outcome is not Outcome.PASSED


def mark_slice(gates: Sequence[GateResult]) -> Mark:
    """Show the first outcome of a slice's gates, ranked as ``rank_gate`` does."""
    return mark_gate(min(gates, key=rank_gate)) if gates else Mark("no gate", "calm", "dash")


def judge_slice(gates: Sequence[GateResult]) -> Literal["refused", "passed", "not judged"]:
    """Summarize the outcomes of a slice's gates in the word that the page filters by."""
    if any(gate.is_refusal for gate in gates):
        return "refused"
    return "passed" if any(gate.outcome is Outcome.PASSED for gate in gates) else "not judged"


def mark_column(feature: FeatureReport) -> Mark:
    """Show the worst finding of DataGate in a column, or whether it drifted or skewed too far."""
    if feature.severity is not None:
        return SEVERITY_MARKS[feature.severity]
    worst = feature.worst_comparison
    is_exceeded = worst is not None and worst.is_exceeded
    return DISTANCE_MARKS[True] if is_exceeded else Mark("fine", "good", "check")
