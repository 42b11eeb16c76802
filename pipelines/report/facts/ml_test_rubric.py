"""Score a run by the ML Test Score: find in the run what shows each item that a run can show.

Evidence is found in the run's own facts and nowhere else, never asserted: a gate that judged it, a
verdict that it reached, a node that ran. An item without evidence is not met.
"""

from __future__ import annotations

import collections
import math
from collections.abc import Callable, Mapping

from components.model_validator.gate_result import GateResult, Outcome
from pipelines.records.node_result import NodeState
from pipelines.records.nodes import NodeId
from pipelines.report.model.ml_test_score import (
    RUBRIC,
    Evidence,
    Item,
    MlTestScore,
    RubricItem,
    Section,
    ShownBy,
)
from pipelines.report.model.run_report import RunReport
from schemas.feature_table import Role

Look = Callable[[RunReport], Evidence | None]
"""Looks for one piece of evidence; None where it is not found."""

_JUDGED = (Outcome.PASSED, Outcome.INCONCLUSIVE)
_RAN = (NodeState.DONE, NodeState.CACHED, NodeState.DATA_REFUSED, NodeState.MODEL_REFUSED)
_COSTS = ("latency_p50_ms", "latency_p99_ms", "load_seconds", "size_mb")
_BY_TESTS = "A run can't show it; docs/ml-test-score.md says what tests and documents show of it."


def score_run(report: RunReport) -> MlTestScore:
    """Score a run by its own evidence; all 28 items come back, those without a score too."""
    return MlTestScore(
        items=tuple(
            _score(item, section, number, report)
            for section, items in RUBRIC.items()
            for number, item in enumerate(items, start=1)
        )
    )


def _score(item: RubricItem, section: Section, number: int, report: RunReport) -> Item:
    missing, looks = _RUN_EVIDENCE.get(item.id, ("", ()))
    found = [look(report) for look in looks]
    evidence = tuple(one for one in found if one is not None) if None not in found else ()
    shown_by: ShownBy = "run" if looks else "tests" if item.max_points else "nothing"
    reasons = {
        "run": item.lacks if evidence else missing,
        "tests": _BY_TESTS,
        "nothing": item.lacks,
    }
    return Item(
        section=section,
        number=number,
        title=item.title,
        shown_by=shown_by,
        points=item.max_points if evidence else 0,
        evidence=evidence,
        lacks=reasons[shown_by],
    )


def _ran(node_id: str, words: str) -> Look:
    """Look for a node that came to an answer in this run, its own or a cached one."""

    def look(report: RunReport) -> Evidence | None:
        for node in report.nodes:
            if node.id == node_id and node.row.state in _RAN:
                return Evidence(text=f"{node_id} {node.row.state.value}: {words}")
        return None

    return look


def _gates(words: str, is_meant: Callable[[GateResult], bool], *, needs_pass: bool = True) -> Look:
    """Look for gates that this run judged; one that refuses is no evidence, but its contrary.

    Args:
        words: What they were about.
        needs_pass: Whether one must have passed; otherwise inconclusive is enough.
    """

    def look(report: RunReport) -> Evidence | None:
        meant = [gate for gate in report.summary.gates if is_meant(gate)]
        judged = [gate for gate in meant if gate.outcome in _JUDGED]
        passed = sum(gate.outcome is Outcome.PASSED for gate in judged)
        if any(gate.is_refusal for gate in meant) or not (passed if needs_pass else judged):
            return None
        counts = f"{passed} passed, {len(judged) - passed} inconclusive"
        names = ", ".join(dict.fromkeys(gate.name for gate in judged))
        return Evidence(text=f"{words}: {counts} ({names})")

    return look


def _validated(report: RunReport) -> Evidence | None:
    """Look for the gates' answer, be it yes or no: a refusal shows that they hold a model back."""
    counts = collections.Counter(gate.outcome for gate in report.summary.gates)
    passed, failed = counts[Outcome.PASSED], counts[Outcome.FAILED]
    if not passed + failed:
        return None
    pushed = "pushed" if report.summary.pushed_version else "not pushed"
    return Evidence(text=f"{passed} gates passed, {failed} failed, and the model was {pushed}")


def _data_verdict(report: RunReport) -> Evidence | None:
    verdict = report.summary.data
    return Evidence(text=f"DataGate's verdict: {verdict.summary}") if verdict else None


def _columns_in_schema(report: RunReport) -> Evidence | None:
    """Look for the curated schema that the run used, with every input column in it."""
    outputs = [
        one for node in report.nodes if node.id == NodeId.CURATED_SCHEMA for one in node.outputs
    ]
    if report.data is None or not outputs or outputs[0].is_freed:
        return None
    inputs = {one.name for one in report.data.features if one.role == Role.INPUT.value}
    unknown = {one.feature for one in report.data.schema_differences if one.kind == "new column"}
    if not inputs or inputs & unknown:
        return None
    return Evidence(text=f"all {len(inputs)} inputs are in the curated schema", path=outputs[0].uri)


def _hashed(report: RunReport) -> Evidence | None:
    code = report.header.code_hash
    return Evidence(text=f"the run holds the hash of its code, {code[:12]}") if code else None


def _compares_answers(gate: GateResult) -> bool:
    return gate.metric == "prediction_difference"


def _finite(report: RunReport) -> Evidence | None:
    """Look for numbers that are all finite: of the training, and of the metrics on all rows."""
    training = report.model.training if report.model else None
    values = [metric.value for metric in report.summary.metrics]
    if training is None or not values or None in values:
        return None
    if not all(math.isfinite(epoch.loss) for epoch in training.epochs):
        return None
    return Evidence(
        text=f"all {len(training.epochs)} epochs and {len(values)} metrics are finite numbers"
    )


def _needs(missing: str, *looks: Look) -> tuple[str, tuple[Look, ...]]:
    """Name what must all be found, and what to say where a part of it is missing."""
    return missing, looks


_RUN_EVIDENCE: Mapping[str, tuple[str, tuple[Look, ...]]] = {
    "feature-schema": _needs(
        "The run did not get as far as comparing its data with the schema.",
        _columns_in_schema,
        _ran(NodeId.EXAMPLE_VALIDATOR, "statistics compared with the curated schema"),
        _data_verdict,
    ),
    "reviewed-models": _needs("The run was compiled before hashes were kept.", _hashed),
    "simpler-model": _needs(
        "No gate compared the model with a logistic regression, or the simpler model was better.",
        _gates(
            "against a logistic regression",
            lambda gate: gate.compared_with == "logistic_regression",
            needs_pass=False,
        ),
    ),
    "slices": _needs(
        "No gate judged a slice of this run's model, or one refused it.",
        _gates("on slices", lambda gate: gate.kind in ("value", "change") and "=" in gate.slice),
    ),
    "fairness": _needs(
        "No gate judged the gaps between groups, or one refused the model.",
        _gates("between groups", lambda gate: gate.kind == "fairness"),
    ),
    "validated-models": _needs("The run did not get as far as judging a model.", _validated),
    "canary": _needs(
        "No gate judged answers of the model as it is served, or one refused it.",
        _gates("served in a process of its own", _compares_answers),
    ),
    "input-invariants": _needs("The run did not get as far as checking its data.", _data_verdict),
    "same-answers": _needs(
        "No gate compared the served answers with the evaluated ones, or it refused the model.",
        _gates("served against evaluated answers", _compares_answers),
    ),
    "finite-numbers": _needs("The run did not get as far as finite metrics on all rows.", _finite),
    "cost": _needs(
        "No gate compared the cost of serving with a limit, or one refused the model.",
        _gates("serving cost", lambda gate: gate.metric in _COSTS),
    ),
    "served-quality": _needs(
        "No gate compared the model with a champion on this data, or one refused it.",
        _gates(
            "against the champion on this data",
            lambda gate: gate.kind == "change" and gate.compared_with == "champion",
            needs_pass=False,
        ),
    ),
}
"""How a run shows an item, by the item's id; an item that is not here can't be shown by a run."""
