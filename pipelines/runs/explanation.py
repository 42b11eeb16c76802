"""Explain why a run ended as it did, and why each of its nodes was cached or not."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping

from components.frozen_model import FrozenModel
from components.model_validator.gate_result import GateResult
from pipelines.metadata.run_store import StoredExecution
from pipelines.records.description import NodeDescription
from pipelines.records.node_result import NodeState
from pipelines.records.run_summary import RunSummary, Verdict
from pipelines.runs.recorded_run import RecordedNode, RecordedRun

_MAX_CHARACTERS = 32


class Difference(FrozenModel):
    """An input or parameter that a node depends on, changed since its last good execution."""

    kind: str
    name: str
    before: str
    after: str


class NodeExplanation(FrozenModel):
    """Why a node was cached, run, or neither.

    Attributes:
        why: The reason, in one line.
        cached_from: Run that made the outputs of a cached node.
        differences: What had changed since its last good execution.
    """

    id: str
    state: NodeState
    why: str
    cached_from: str | None = None
    differences: tuple[Difference, ...] = ()


class RunExplanation(FrozenModel):
    """Why a run ended as it did.

    Attributes:
        reason: Why, in one line.
        not_passed_gates: Gates that did not pass and do not refuse: slices too small, no champion,
            inconclusive.
    """

    run_id: str
    verdict: Verdict
    reason: str
    refusing_gates: tuple[GateResult, ...]
    not_passed_gates: tuple[GateResult, ...]
    nodes: tuple[NodeExplanation, ...]

    @classmethod
    def of(cls, summary: RunSummary, nodes: tuple[NodeExplanation, ...]) -> RunExplanation:
        """Put a run's explanation together."""
        others = [gate for gate in summary.gates if not gate.is_refusal]
        return cls(
            run_id=summary.run_id,
            verdict=summary.verdict,
            reason=summary.reason,
            refusing_gates=tuple(gate for gate in summary.gates if gate.is_refusal),
            not_passed_gates=tuple(gate for gate in others if not gate.passed),
            nodes=nodes,
        )


def explain_run(run: RecordedRun, summary: RunSummary) -> RunExplanation:
    """Explain a run and each of its nodes."""
    states = {node.id: node.state for node in summary.nodes}
    nodes = (explain_node(run, node, states[node.id]) for node in run.nodes)
    return RunExplanation.of(summary, tuple(nodes))


def explain_node(run: RecordedRun, node: RecordedNode, state: NodeState) -> NodeExplanation:
    """Explain one node; its state is given as the run's summary shows it."""
    cached_from = None
    differences: tuple[Difference, ...] = ()
    if node.execution is None or state is NodeState.SKIPPED:
        why = "not started: not asked for, or stopped by a node before it"
    elif node.execution.is_cached:
        makers = [run.producers[made.id] for made in node.outputs if made.id in run.producers]
        cached_from = makers[0].run_id if makers else None
        why = f"nothing that it depends on has changed since run {cached_from}"
    elif node.previous is None:
        why = "there is no earlier result of it to take"
    else:
        differences = tuple(_compare(node.description, node.previous, node.execution))
        names = ", ".join(f"{difference.kind} {difference.name}" for difference in differences)
        why = (
            f"changed: {names}" if names else "it is never cached, or its earlier outputs are gone"
        )
    return NodeExplanation(
        id=node.id, state=state, why=why, cached_from=cached_from, differences=differences
    )


def _compare(
    node: NodeDescription, before: StoredExecution, after: StoredExecution
) -> Iterator[Difference]:
    for kind, old, new in (
        ("input", _describe_inputs(before), _describe_inputs(after)),
        ("parameter", _read_parameters(before, node), _read_parameters(after, node)),
    ):
        for name in sorted(old.keys() | new.keys()):
            if old.get(name) != new.get(name):
                was, is_now = (shorten(values.get(name, "nothing")) for values in (old, new))
                yield Difference(kind=kind, name=name, before=was, after=is_now)


def _describe_inputs(execution: StoredExecution) -> dict[str, str]:
    inputs: dict[str, list[int]] = {}
    for given in execution.inputs:
        inputs.setdefault(given.key, []).append(given.id)
    return {key: f"artifact {', '.join(map(str, sorted(ids)))}" for key, ids in inputs.items()}


def _read_parameters(execution: StoredExecution, node: NodeDescription) -> dict[str, str]:
    """Read the settings; those that are mappings key by key, so that a change has its own name."""
    names = {*node.parameters, "input_fingerprint", "span"}
    parameters: dict[str, str] = {}
    for name, value in execution.execution.custom_properties.items():
        if name in names:
            parameters |= flatten_parameter(name, str(getattr(value, value.WhichOneof("value"))))
    return parameters


def flatten_parameter(name: str, text: str) -> dict[str, str]:
    """Split a setting in JSON, key by key.

    Returns:
        Texts by name, such as ``settings.seed``, and ``gates.auc_floor.min`` for a list of mappings
        that each have a name; the setting itself where it is neither.
    """
    values = None
    with contextlib.suppress(ValueError):
        values = _name_parts(json.loads(text))
    if values is None:
        return {name: text}
    flat: dict[str, str] = {}
    for key, value in values.items():
        flat |= flatten_parameter(f"{name}.{key}", json.dumps(value))
    return flat


def _name_parts(value: object) -> Mapping[str, object] | None:
    """Name a value's parts; None where it has none, or their names are not unique."""
    if isinstance(value, dict):
        return value
    if not isinstance(value, list) or not all(
        isinstance(part, dict) and isinstance(part.get("name"), str) for part in value
    ):
        return None
    parts = {part["name"]: {key: part[key] for key in part if key != "name"} for part in value}
    return parts if parts and len(parts) == len(value) else None


def shorten(text: str) -> str:
    """Cut a parameter's value to what a screen has room for."""
    return text if len(text) <= _MAX_CHARACTERS else f"{text[: _MAX_CHARACTERS - 1]}…"
