"""How states, verdicts, outcomes and severities look: by a word, a sign and a colour together."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Literal

from components.data_gate.anomaly_kinds import Severity
from components.model_validator.gate_result import GateResult, Outcome
from pipelines.records.node_result import NodeState
from pipelines.records.run_summary import Verdict

Tone = Literal["good", "bad", "warn", "calm"]
"""What a colour means: fine, refused or broken, worth a look, nothing to see."""
Sign = Literal["check", "cross", "stop", "alert", "info", "dash", "again"]
"""Which drawing of ``signs.html`` stands beside the word."""


@dataclasses.dataclass(frozen=True)
class Mark:
    """How one state is shown."""

    word: str
    tone: Tone
    sign: Sign


VERDICT_MARKS: Mapping[Verdict, Mark] = {
    Verdict.PUSHED: Mark("Pushed", "good", "check"),
    Verdict.DATA_REFUSED: Mark("Data refused", "warn", "stop"),
    Verdict.MODEL_REFUSED: Mark("Model refused", "warn", "stop"),
    Verdict.FAILED: Mark("Failed", "bad", "cross"),
    Verdict.PARTIAL: Mark("Done in part", "calm", "info"),
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
SCORE_MARKS: Mapping[str, Mark] = {
    "automated": Mark("automated", "good", "check"),
    "in part": Mark("in part", "warn", "alert"),
    "not met": Mark("not met", "calm", "dash"),
    "not done": Mark("not done", "calm", "dash"),
    "not by a run": Mark("not by a run", "calm", "info"),
}
_OUTCOME_MARKS: Mapping[Outcome, Mark] = {
    Outcome.PASSED: Mark("passed", "good", "check"),
    Outcome.FAILED: Mark("failed", "bad", "cross"),
    Outcome.INCONCLUSIVE: Mark("inconclusive", "warn", "alert"),
    Outcome.TOO_SMALL: Mark("too small", "calm", "dash"),
    Outcome.UNDEFINED: Mark("undefined", "calm", "dash"),
    Outcome.NO_BASELINE: Mark("no baseline", "calm", "dash"),
}


def mark_gate(gate: GateResult) -> Mark:
    """Show a gate's outcome; an inconclusive one that refuses the model looks like a refusal."""
    if gate.outcome is Outcome.INCONCLUSIVE and gate.is_refusal:
        return Mark("inconclusive: refused", "bad", "stop")
    return _OUTCOME_MARKS[gate.outcome]
