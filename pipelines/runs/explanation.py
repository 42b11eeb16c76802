"""Say why a run ended as it did, and why each of its nodes was cached or not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from ml_metadata.proto import metadata_store_pb2 as mlmd

from components.frozen_model import FrozenModel
from pipelines.metadata.run_store import RunStore
from pipelines.records.description import NodeDescription, PipelineDescription
from pipelines.records.node_result import NodeState
from pipelines.runs.run_summary import GateRow, RunSummary, Verdict

_MOST_CHARACTERS = 32


class Difference(FrozenModel):
    """One thing that a node depends on and that has changed.

    Attributes:
        kind: ``input`` or ``parameter``.
        before: What it was at the node's last good execution, shortened.
        after: What it is now, shortened.
    """

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
    refusing_gates: tuple[GateRow, ...]
    not_passed_gates: tuple[GateRow, ...]
    nodes: tuple[NodeExplanation, ...]

    @classmethod
    def of(cls, summary: RunSummary, nodes: tuple[NodeExplanation, ...]) -> RunExplanation:
        """Put a run's explanation together."""
        return cls(
            run_id=summary.run_id,
            verdict=summary.verdict,
            reason=summary.reason,
            refusing_gates=tuple(gate for gate in summary.gates if gate.is_refusal),
            not_passed_gates=tuple(
                gate for gate in summary.gates if not gate.passed and not gate.is_refusal
            ),
            nodes=nodes,
        )


def explain_run(
    store: RunStore, description: PipelineDescription, summary: RunSummary
) -> RunExplanation:
    """Explain a run.

    Args:
        description: The pipeline as the run compiled it.
    """
    states = {node.id: node.state for node in summary.nodes}
    return RunExplanation.of(
        summary,
        tuple(
            explain_node(store, node, summary.run_id, states[node.id]) for node in description.nodes
        ),
    )


def explain_node(
    store: RunStore, node: NodeDescription, run_id: str, state: NodeState
) -> NodeExplanation:
    """Explain one node.

    Args:
        node: The node as the run compiled it.
    """
    execution = store.find_execution(run_id, node.id)
    if execution is None or state is NodeState.SKIPPED:
        return NodeExplanation(
            id=node.id,
            state=state,
            why="not started: not asked for, or stopped by a node before it",
        )
    if execution.last_known_state == mlmd.Execution.CACHED:
        maker = _find_maker(store, execution)
        return NodeExplanation(
            id=node.id,
            state=state,
            why=f"nothing that it depends on has changed since run {maker}",
            cached_from=maker,
        )
    previous = store.find_previous_execution(node.id, execution.id)
    if previous is None:
        return NodeExplanation(
            id=node.id, state=state, why="there is no earlier result of it to take"
        )
    differences = tuple(_compare(store, node, previous, execution))
    names = ", ".join(f"{difference.kind} {difference.name}" for difference in differences)
    why = f"changed: {names}" if names else "it is never cached, or its earlier outputs are gone"
    return NodeExplanation(id=node.id, state=state, why=why, differences=differences)


def _find_maker(store: RunStore, execution: mlmd.Execution) -> str | None:
    for output in store.list_outputs(execution):
        producer = store.find_producer(output.artifact.id)
        if producer is not None:
            return store.find_run(producer)
    return None


def _compare(
    store: RunStore, node: NodeDescription, before: mlmd.Execution, after: mlmd.Execution
) -> Iterator[Difference]:
    for kind, old, new in (
        ("input", _read_inputs(store, before), _read_inputs(store, after)),
        ("parameter", _read_parameters(before, node), _read_parameters(after, node)),
    ):
        for name in sorted(old.keys() | new.keys()):
            if old.get(name) != new.get(name):
                texts = (shorten(values.get(name, "nothing")) for values in (old, new))
                yield Difference(kind=kind, name=name, before=next(texts), after=next(texts))


def _read_inputs(store: RunStore, execution: mlmd.Execution) -> dict[str, str]:
    inputs: dict[str, list[int]] = {}
    for given in store.list_inputs(execution):
        inputs.setdefault(given.key, []).append(given.artifact.id)
    return {key: f"artifact {', '.join(map(str, sorted(ids)))}" for key, ids in inputs.items()}


def _read_parameters(execution: mlmd.Execution, node: NodeDescription) -> dict[str, str]:
    """Read the settings; those that are mappings key by key, so that a change has its own name."""
    names = set(node.parameters) | {"input_fingerprint", "span"}
    parameters: dict[str, str] = {}
    for name, value in execution.custom_properties.items():
        if name not in names:
            continue
        text = str(getattr(value, value.WhichOneof("value")))
        parameters.update(flatten_parameter(name, text))
    return parameters


def flatten_parameter(name: str, text: str) -> dict[str, str]:
    """Take a setting in JSON apart, key by key.

    Returns:
        Texts by name, such as ``settings.seed``, and ``gates.auc_floor.min`` for a list of mappings
        that each have a name; the setting itself where it is neither.
    """
    try:
        values = _name_parts(json.loads(text))
    except ValueError:
        return {name: text}
    if values is None:
        return {name: text}
    flat: dict[str, str] = {}
    for key, value in values.items():
        flat.update(flatten_parameter(f"{name}.{key}", json.dumps(value)))
    return flat


def _name_parts(value: object) -> Mapping[str, object] | None:
    """Give a value's parts by name; None where it has none, or their names are not unique."""
    if isinstance(value, dict):
        return value
    if not isinstance(value, list) or not value:
        return None
    if not all(isinstance(part, dict) and isinstance(part.get("name"), str) for part in value):
        return None
    parts = {
        part["name"]: {key: of_key for key, of_key in part.items() if key != "name"}
        for part in value
    }
    return parts if len(parts) == len(value) else None


def shorten(text: str) -> str:
    """Cut a parameter's value to what a screen has room for."""
    return text if len(text) <= _MOST_CHARACTERS else f"{text[: _MOST_CHARACTERS - 1]}…"
