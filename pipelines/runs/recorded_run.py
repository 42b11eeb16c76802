"""A run as it was recorded, read once: the source of screens, pages and commands."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Mapping, Sequence

from components.data_gate.findings import ARTIFACT_TYPE, DataVerdict, read_verdict
from components.data_gate.published_anomalies import Anomaly, load_anomalies
from components.model_validator.validation import Validation, find_validation
from components.pusher.pushed_model import PushedVersion, find_pushed_version
from components.record_file import UnreadableRecordError
from pipelines.config.layout import OutputLayout
from pipelines.metadata.run_store import (
    RunStore,
    StoredArtifact,
    StoredExecution,
    open_run_store,
    read_result,
)
from pipelines.records.description import NodeDescription, PipelineDescription, read_description
from pipelines.records.node_result import NodeResult, NodeState
from pipelines.records.nodes import NodeId


@dataclasses.dataclass(frozen=True)
class RecordedNode:
    """One node of a run.

    Attributes:
        result: How it ended; skipped where it never started.
        execution: Its last execution; None where it never started.
        previous: The last execution before that one, of any run, that ended well; None where there
            is none, and for a cached node.
    """

    description: NodeDescription
    result: NodeResult
    execution: StoredExecution | None = None
    previous: StoredExecution | None = None

    @property
    def id(self) -> str:
        """The node's id."""
        return self.description.id

    @property
    def inputs(self) -> tuple[StoredArtifact, ...]:
        """Its inputs; none where it never started."""
        return self.execution.inputs if self.execution else ()

    @property
    def outputs(self) -> tuple[StoredArtifact, ...]:
        """Its outputs: its own or, where cached, an earlier run's."""
        return self.execution.outputs if self.execution else ()


@dataclasses.dataclass(frozen=True)
class RecordedRun:
    """One run.

    Attributes:
        nodes: Every node, in the pipeline's order.
        producers: The execution that made an artifact, by the artifact's id: for all inputs and
            outputs of the run's nodes, and for what those were made of, back to the rows.
    """

    layout: OutputLayout
    run_id: str
    description: PipelineDescription
    nodes: tuple[RecordedNode, ...]
    producers: Mapping[int, StoredExecution]

    @property
    def outputs(self) -> tuple[StoredArtifact, ...]:
        """The outputs of all nodes, in the pipeline's order."""
        return tuple(stored for node in self.nodes for stored in node.outputs)

    def find_output(self, node_id: str, key: str) -> StoredArtifact | None:
        """Find an output of a node; None where it has none, or there is no such node."""
        for node in self.nodes:
            for stored in node.outputs:
                if (node.id, stored.key) == (node_id, key):
                    return stored
        return None

    @property
    def push(self) -> PushedVersion | None:
        """The version that it pushed, or found in place; None where it pushed none."""
        return find_pushed_version(stored.artifact for stored in self.outputs)

    @functools.cached_property
    def data_verdict(self) -> DataVerdict | None:
        """What DataGate found; None where it was deleted or can't be read."""
        for stored in self.outputs:
            if stored.type == ARTIFACT_TYPE:
                with contextlib.suppress(FileNotFoundError, UnreadableRecordError):
                    return read_verdict(stored.path)
        return None

    @functools.cached_property
    def validation(self) -> Validation | None:
        """What ModelValidator found; None where it was deleted or can't be read."""
        blessing = self.find_output(NodeId.MODEL_VALIDATOR, "blessing")
        with contextlib.suppress(UnreadableRecordError):
            return find_validation(blessing.path) if blessing else None
        return None

    @functools.cached_property
    def anomalies(self) -> tuple[Anomaly, ...]:
        """What ExampleValidator found, by split; empty where it was deleted."""
        return tuple(
            anomaly
            for stored in self.outputs
            if stored.type == "ExampleAnomalies" and stored.path.is_dir()
            for anomaly in load_anomalies(stored.path, stored.split_names)
        )


def load_run(layout: OutputLayout, run_id: str) -> RecordedRun:
    """Load a run, even one in progress or killed; without a store, no node has started.

    Raises:
        OSError: If the run was never compiled, or the store can't be reached.
        UnreadableRecordError: If its description can't be read.
    """
    description = read_description(layout.run(run_id).description_path)
    if not layout.has_metadata_store:
        nodes = tuple(RecordedNode(node, _skip(node)) for node in description.nodes)
        return RecordedRun(layout, run_id, description, nodes, {})
    with open_run_store(layout.metadata_store, description.name) as store:
        return read_run(store, layout, description, run_id)


def read_run(
    store: RunStore, layout: OutputLayout, description: PipelineDescription, run_id: str
) -> RecordedRun:
    """Read a run from an open store, as ``load_run``."""
    nodes = tuple(_read_node(store, node, run_id) for node in description.nodes)
    executions = [node.execution for node in nodes if node.execution]
    return RecordedRun(layout, run_id, description, nodes, _find_producers(store, executions))


def _read_node(store: RunStore, node: NodeDescription, run_id: str) -> RecordedNode:
    found = store.find_execution(run_id, node.id)
    if found is None:
        return RecordedNode(node, _skip(node))
    execution = store.read_execution(found)
    previous = None if execution.is_cached else store.find_previous_execution(node.id, found.id)
    return RecordedNode(
        node, read_result(node.id, found), execution, previous and store.read_execution(previous)
    )


def _skip(node: NodeDescription) -> NodeResult:
    return NodeResult(id=node.id, state=NodeState.SKIPPED)


def _find_producers(
    store: RunStore, executions: Sequence[StoredExecution]
) -> dict[int, StoredExecution]:
    """Find the producers of some executions' artifacts, and of what those were made of."""
    producers = {made.id: one for one in executions if not one.is_cached for made in one.outputs}
    waiting = [stored for one in executions for stored in (*one.inputs, *one.outputs)]
    # Taken from the end: what is only compared with comes last, and is not followed further.
    waiting.sort(key=lambda stored: not stored.is_compared_with)
    while waiting:
        stored = waiting.pop()
        if stored.id in producers or (found := store.find_producer(stored.id)) is None:
            continue
        maker = store.read_execution(found)
        producers.update((made.id, maker) for made in maker.outputs)
        if not stored.is_compared_with:
            waiting += maker.made_of
    return producers
