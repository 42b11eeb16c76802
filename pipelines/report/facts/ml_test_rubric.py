"""Score a run by the ML Test Score: look in the run for what shows each item that a run can show.

Evidence is looked up in the run's own facts and nowhere else, never asserted: a gate that it
judged, a verdict that it reached, a node that ran. What is not found leaves its item not met.
"""

from __future__ import annotations

import collections
import dataclasses
import functools
import math
from collections.abc import Callable, Iterable, Mapping

from components.model_validator.gate_result import Outcome
from pipelines.records.node_result import NodeState
from pipelines.report.model.ml_test_score import (
    RUBRIC,
    Evidence,
    Item,
    MlTestScore,
    RubricItem,
    Section,
    ShownBy,
)
from pipelines.report.model.run_report import RunFacts
from pipelines.runs.run_summary import GateRow
from schemas.feature_table import Role

Finding = Evidence | None
"""Evidence, or None where it was not found."""
Look = Callable[[RunFacts], Finding]
_JUDGED = (Outcome.PASSED, Outcome.INCONCLUSIVE)
_RAN = (NodeState.DONE, NodeState.CACHED, NodeState.DATA_REFUSED, NodeState.MODEL_REFUSED)
_BY_TESTS = "A run can't show it; docs/ml-test-score.md says what tests and documents show of it."


@dataclasses.dataclass(frozen=True)
class _RunEvidence:
    """How a run shows an item.

    Attributes:
        looks: What looks for its evidence; all of it must be found.
        missing: What to say where it was not.
    """

    looks: tuple[Look, ...]
    missing: str


def score_run(facts: RunFacts) -> MlTestScore:
    """Score a run by its own evidence; all 28 items come back, those without a score too."""
    return MlTestScore(
        items=tuple(
            _score(item, section, number, facts)
            for section, items in RUBRIC.items()
            for number, item in enumerate(items, start=1)
        )
    )


def _score(item: RubricItem, section: Section, number: int, facts: RunFacts) -> Item:
    wanted = _RUN_EVIDENCE.get(item.id)
    evidence = _find_all(wanted.looks, facts) if wanted else ()
    shown_by: ShownBy = "run" if wanted else "tests" if item.max_points else "nothing"
    if wanted and not evidence:
        lacks = wanted.missing
    else:
        lacks = _BY_TESTS if shown_by == "tests" else item.lacks
    return Item(
        section=section,
        number=number,
        title=item.title,
        shown_by=shown_by,
        points=item.max_points if evidence else 0,
        evidence=evidence,
        lacks=lacks,
    )


def _find_all(looks: Iterable[Look], facts: RunFacts) -> tuple[Evidence, ...]:
    """Look for evidence of which all is needed; empty where a part of it was not found."""
    found = [look(facts) for look in looks]
    evidence = tuple(one for one in found if one is not None)
    return evidence if len(evidence) == len(found) else ()


def _ran(node_id: str, words: str) -> Look:
    """Look for a node that came to an answer in this run, its own or a cached one."""

    def look(facts: RunFacts) -> Finding:
        node = next((node for node in facts.nodes if node.id == node_id), None)
        if node is None or node.row.state not in _RAN:
            return None
        return Evidence(text=f"{node_id} {node.row.state.value}: {words}")

    return look


def _gates(words: str, is_meant: Callable[[GateRow], bool], *, needs_pass: bool = True) -> Look:
    """Look for gates that this run judged; one that refuses is no evidence, but its contrary.

    Args:
        words: What they were about.
        needs_pass: Whether one must have passed; otherwise inconclusive is enough.
    """

    def look(facts: RunFacts) -> Finding:
        meant = [gate for gate in facts.summary.gates if is_meant(gate)]
        judged = [gate for gate in meant if gate.outcome in _JUDGED]
        passed = [gate for gate in judged if gate.outcome is Outcome.PASSED]
        refused = any(gate.is_refusal for gate in meant)
        if refused or not (passed if needs_pass else judged):
            return None
        counts = f"{len(passed)} passed, {len(judged) - len(passed)} inconclusive"
        names = ", ".join(dict.fromkeys(gate.name for gate in judged))
        return Evidence(text=f"{words}: {counts} ({names})")

    return look


def _validated(facts: RunFacts) -> Finding:
    """Look for the gates' answer, be it yes or no: a refusal shows that they hold a model back."""
    counts = collections.Counter(gate.outcome for gate in facts.summary.gates)
    if not counts[Outcome.PASSED] + counts[Outcome.FAILED]:
        return None
    pushed = "pushed" if facts.summary.pushed_version else "not pushed"
    return Evidence(
        text=f"{counts[Outcome.PASSED]} gates passed, {counts[Outcome.FAILED]} failed, and the "
        f"model was {pushed}",
    )


def _data_verdict(facts: RunFacts) -> Finding:
    verdict = facts.summary.data
    if verdict is None:
        return None
    return Evidence(text=f"DataGate's verdict: {verdict.summary}")


def _columns_in_schema(facts: RunFacts) -> Finding:
    """Look for the curated schema that the run used, with every input column in it."""
    outputs = [one for node in facts.nodes if node.id == "CuratedSchema" for one in node.outputs]
    if facts.data is None or not outputs or outputs[0].is_freed:
        return None
    inputs = {one.name for one in facts.data.features if one.role == Role.INPUT.value}
    unknown = {one.feature for one in facts.data.schema_differences if one.kind == "new column"}
    if not inputs or inputs & unknown:
        return None
    return Evidence(
        text=f"all {len(inputs)} inputs are in the curated schema",
        path=outputs[0].uri,
    )


def _hashed(facts: RunFacts) -> Finding:
    code = facts.header.code_hash
    if not code:
        return None
    return Evidence(text=f"the run holds the hash of its code, {code[:12]}")


def _finite(facts: RunFacts) -> Finding:
    """Look for numbers that are all finite: of the training, and of the metrics on all rows."""
    model = facts.model
    if model is None or model.training is None or not facts.summary.metrics:
        return None
    losses = [epoch.loss for epoch in model.training.epochs]
    values = [metric.value for metric in facts.summary.metrics]
    if not all(map(math.isfinite, losses)) or None in values:
        return None
    return Evidence(
        text=f"all {len(losses)} epochs and {len(values)} metrics are finite numbers",
    )


def _is_slice_gate(gate: GateRow) -> bool:
    return gate.kind in ("value", "change") and "=" in gate.slice


def _is_of_kind(kind: str, gate: GateRow) -> bool:
    return gate.kind == kind


def _is_of_metric(metrics: Iterable[str], gate: GateRow) -> bool:
    return gate.metric in metrics


def _is_linear(gate: GateRow) -> bool:
    return gate.compared_with == "logistic_regression"


def _is_change(gate: GateRow) -> bool:
    return gate.kind == "change" and gate.compared_with == "champion"


_RUN_EVIDENCE: Mapping[str, _RunEvidence] = {
    "feature-schema": _RunEvidence(
        (
            _columns_in_schema,
            _ran("ExampleValidator", "statistics held against the curated schema"),
            _data_verdict,
        ),
        "The run did not get as far as holding its data against the schema.",
    ),
    "reviewed-models": _RunEvidence((_hashed,), "The run was compiled before hashes were kept."),
    "simpler-model": _RunEvidence(
        (_gates("against a logistic regression", _is_linear, needs_pass=False),),
        "No gate compared the model with a logistic regression, or the simpler model was better.",
    ),
    "slices": _RunEvidence(
        (_gates("on slices", _is_slice_gate),),
        "No gate judged a slice of this run's model, or one refused it.",
    ),
    "fairness": _RunEvidence(
        (_gates("between groups", functools.partial(_is_of_kind, "fairness")),),
        "No gate judged the gaps between groups, or one refused the model.",
    ),
    "validated-models": _RunEvidence(
        (_validated,), "The run did not get as far as judging a model."
    ),
    "canary": _RunEvidence(
        (
            _gates(
                "served in a process of its own",
                functools.partial(_is_of_metric, ("prediction_difference",)),
            ),
        ),
        "No gate judged answers of the model as it is served, or one refused it.",
    ),
    "input-invariants": _RunEvidence(
        (_data_verdict,), "The run did not get as far as checking its data."
    ),
    "same-answers": _RunEvidence(
        (
            _gates(
                "served against evaluated answers",
                functools.partial(_is_of_metric, ("prediction_difference",)),
            ),
        ),
        "No gate compared the served answers with the evaluated ones, or it refused the model.",
    ),
    "finite-numbers": _RunEvidence(
        (_finite,), "The run did not get as far as finite metrics on all rows."
    ),
    "cost": _RunEvidence(
        (
            _gates(
                "serving cost",
                functools.partial(
                    _is_of_metric, ("latency_p50_ms", "latency_p99_ms", "load_seconds", "size_mb")
                ),
            ),
        ),
        "No gate held what serving costs against a limit, or one refused the model.",
    ),
    "served-quality": _RunEvidence(
        (_gates("against the champion on this data", _is_change, needs_pass=False),),
        "No gate compared the model with a champion on this data, or one refused it.",
    ),
}
"""How a run shows an item, by the item's id; an item that is not here can't be shown by a run."""
