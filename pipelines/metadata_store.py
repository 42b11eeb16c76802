"""Read and annotate the metadata store, with ml-metadata alone: no TFX, no TensorFlow."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import json
from collections.abc import Iterator
from pathlib import Path

import ml_metadata
from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipelines.errors import UsageError
from pipelines.node_result import NodeResult, NodeState, Problem, Rows
from pipelines.open_store import open_store
from pipelines.store_address import SqliteAddress, StoreAddress
from pipelines.store_lock import lock_store

_RESULT_PROPERTY = "node_result"
_RUN_CONTEXT = "pipeline_run"
_NODE_CONTEXT = "node"
# Inputs that are there to compare with: their rows are not what the node read.
_PREVIOUS_PREFIX = "previous_"
# Inputs that are read on top of the others of the same kind.
_EARLIER_PREFIX = "earlier_"

_STATES = {
    mlmd.Execution.COMPLETE: NodeState.DONE,
    mlmd.Execution.CACHED: NodeState.CACHED,
}


@dataclasses.dataclass(frozen=True)
class StoredArtifact:
    """An artifact that a node was given or put out.

    Attributes:
        key: Name of the node's input or output.
        artifact: The artifact as the store has it.
        type: Name of its type.
    """

    key: str
    artifact: mlmd.Artifact
    type: str

    @property
    def path(self) -> Path:
        """Folder of its files."""
        return Path(self.artifact.uri)

    @property
    def split_names(self) -> list[str]:
        """Its splits; none where it has none."""
        return json.loads(self.artifact.properties["split_names"].string_value or "[]")

    def integer(self, name: str) -> int:
        """Read an integer custom property; 0 where it is not set."""
        return int(self.artifact.custom_properties[name].int_value)

    def text(self, name: str) -> str:
        """Read a text custom property; empty where it is not set."""
        return str(self.artifact.custom_properties[name].string_value)


class RunStore:
    """The runs of one pipeline in its metadata store."""

    def __init__(self, store: ml_metadata.MetadataStore, pipeline_name: str) -> None:
        """Wrap an open store.

        Args:
            store: The store.
            pipeline_name: Name of the pipeline.
        """
        self._store = store
        self._pipeline_name = pipeline_name
        self._nodes: dict[int, str | None] = {}

    @property
    def store(self) -> ml_metadata.MetadataStore:
        """The store itself."""
        return self._store

    def find_run(self, execution: mlmd.Execution) -> str | None:
        """Tell which run an execution belongs to."""
        contexts = self._store.get_contexts_by_execution(execution.id)
        return next((context.name for context in contexts if context.type == _RUN_CONTEXT), None)

    def find_node(self, execution: mlmd.Execution) -> str | None:
        """Tell which node an execution is of; None for a change that a person made."""
        if execution.id not in self._nodes:
            contexts = self._store.get_contexts_by_execution(execution.id)
            names = (context.name for context in contexts if context.type == _NODE_CONTEXT)
            found = next((name.removeprefix(f"{self._pipeline_name}.") for name in names), None)
            self._nodes[execution.id] = found
        return self._nodes[execution.id]

    def list_node_executions(self, node_id: str) -> list[mlmd.Execution]:
        """List a node's executions in all runs, in order."""
        name = f"{self._pipeline_name}.{node_id}"
        node = self._store.get_context_by_type_and_name(_NODE_CONTEXT, name)
        executions = self._store.get_executions_by_context(node.id) if node else []
        return sorted(executions, key=lambda execution: execution.id)

    def find_previous_execution(self, node_id: str, before: int) -> mlmd.Execution | None:
        """Find the last execution of a node that ended well before another.

        Args:
            node_id: The node.
            before: Id of the other execution.

        Returns:
            The execution, cached or not; None if there is none.
        """
        good = [
            execution
            for execution in self.list_node_executions(node_id)
            if execution.id < before and ended_well(execution)
        ]
        return max(good, key=lambda execution: execution.id, default=None)

    def list_executions(self, run_id: str) -> list[mlmd.Execution]:
        """List a run's executions, in order; none for a run that the store does not know."""
        run = self._store.get_context_by_type_and_name(_RUN_CONTEXT, run_id)
        executions = self._store.get_executions_by_context(run.id) if run else []
        return sorted(executions, key=lambda execution: execution.id)

    def find_execution(self, run_id: str, node_id: str) -> mlmd.Execution | None:
        """Find the last execution of a node in a run.

        Args:
            run_id: The run.
            node_id: The node.

        Returns:
            The execution; None if the node never started.
        """
        return max(self.list_attempts(run_id, node_id), key=lambda one: one.id, default=None)

    def list_attempts(self, run_id: str, node_id: str) -> list[mlmd.Execution]:
        """List a node's executions in a run, in order; more than one where it was run again."""
        # By the run's few executions: a node has as many as there have ever been runs.
        return [one for one in self.list_executions(run_id) if self.find_node(one) == node_id]

    def list_outputs(self, execution: mlmd.Execution) -> list[StoredArtifact]:
        """List what an execution put out, cached or not."""
        return self._list_artifacts(execution, mlmd.Event.OUTPUT)

    def list_handed_on(self, execution: mlmd.Execution) -> list[StoredArtifact]:
        """List what an execution put out, and, where it only resolved, what it found."""
        found = self._list_artifacts(execution, mlmd.Event.INTERNAL_OUTPUT)
        return [*self.list_outputs(execution), *found]

    def list_inputs(self, execution: mlmd.Execution) -> list[StoredArtifact]:
        """List what an execution was given."""
        return self._list_artifacts(execution, mlmd.Event.INPUT)

    def find_producer(self, artifact_id: int) -> mlmd.Execution | None:
        """Find the execution that made an artifact: the first that put it out."""
        return next(self._list_makers(artifact_id), None)

    def record(self, execution: mlmd.Execution, result: NodeResult) -> None:
        """Keep a node's result with its execution.

        Args:
            execution: The node's execution.
            result: How it ended.
        """
        [stored] = self._store.get_executions_by_id([execution.id])
        stored.custom_properties[_RESULT_PROPERTY].string_value = result.model_dump_json()
        self._store.put_executions([stored])

    def fail(self, execution: mlmd.Execution) -> None:
        """Mark an execution failed whose process has died."""
        [stored] = self._store.get_executions_by_id([execution.id])
        stored.last_known_state = mlmd.Execution.FAILED
        self._store.put_executions([stored])

    def read_result(self, run_id: str, node_id: str) -> NodeResult | None:
        """Read how a node ended.

        Args:
            run_id: The run.
            node_id: The node.

        Returns:
            Its recorded result; what the store tells, where none was recorded; None if the node
            never started.
        """
        execution = self.find_execution(run_id, node_id)
        if execution is None:
            return None
        recorded = read_recorded_result(execution)
        if recorded is not None:
            return recorded
        state = _STATES.get(execution.last_known_state, NodeState.FAILED)
        problem = Problem(rule="no result", message="the process ended without leaving a result")
        return NodeResult(
            id=node_id,
            state=state,
            started_at=datetime.datetime.fromtimestamp(
                execution.create_time_since_epoch / 1000, datetime.timezone.utc
            ),
            seconds=(execution.last_update_time_since_epoch - execution.create_time_since_epoch)
            / 1000,
            problems=(problem,) if state is NodeState.FAILED else (),
        )

    def count_written_rows(self, artifact_id: int) -> dict[str, int]:
        """Tell the rows of an artifact, as the first that put it out counted them.

        Args:
            artifact_id: The artifact.

        Returns:
            Rows by split; empty where nothing was counted.
        """
        # Its maker may have died before it counted; then one that took it from the cache did.
        for execution in self._list_makers(artifact_id):
            result = read_recorded_result(execution)
            if result is not None and result.rows.written:
                return result.rows.written
        return {}

    def count_rows(self, execution: mlmd.Execution, written: dict[str, int]) -> Rows:
        """Put together the rows read and written of an execution.

        Args:
            execution: The node's execution.
            written: Rows by split that it counted in its outputs; empty for a cached one.

        Returns:
            Rows read, as the producers of its inputs counted them, and rows written.
        """
        read: dict[str, int] = {}
        added: list[dict[str, int]] = []
        for given in self.list_inputs(execution):
            if given.key.startswith(_PREVIOUS_PREFIX):
                continue
            rows = self.count_written_rows(given.artifact.id)
            if given.key.startswith(_EARLIER_PREFIX):
                added.append(rows)
            else:
                read.update(rows)
        for rows in added:
            read = {split: read.get(split, 0) + rows.get(split, 0) for split in read}
        for made in self.list_outputs(execution) if not written else ():
            written = {**written, **self.count_written_rows(made.artifact.id)}
        return Rows(read=read, written=written)

    def _list_makers(self, artifact_id: int) -> Iterator[mlmd.Execution]:
        """List the executions that put an artifact out, those from the cache too, in order."""
        events = self._store.get_events_by_artifact_ids([artifact_id])
        # One by one: with every run that found the artifact cached there is one more.
        for number in sorted({one.execution_id for one in events if one.type == mlmd.Event.OUTPUT}):
            yield from self._store.get_executions_by_id([number])

    def _list_artifacts(
        self, execution: mlmd.Execution, kind: mlmd.Event.Type
    ) -> list[StoredArtifact]:
        keys = dict(self._list_events(execution, kind))
        artifacts = self._store.get_artifacts_by_id(list(keys))
        return [
            StoredArtifact(key=keys[artifact.id], artifact=artifact, type=artifact.type)
            for artifact in artifacts
        ]

    def _list_events(
        self, execution: mlmd.Execution, kind: mlmd.Event.Type
    ) -> Iterator[tuple[int, str]]:
        for event in self._store.get_events_by_execution_ids([execution.id]):
            if event.type == kind:
                yield event.artifact_id, event.path.steps[0].key


@contextlib.contextmanager
def open_run_store(address: StoreAddress, pipeline_name: str) -> Iterator[RunStore]:
    """Open an existing store, under its lock.

    Args:
        address: Where it is.
        pipeline_name: Name of the pipeline.

    Yields:
        The runs in it.

    Raises:
        UsageError: If it is a file, and not there.
        StoreUnavailableError: If it is a database, and can't be reached.
    """
    if isinstance(address, SqliteAddress) and not address.path.is_file():
        raise UsageError(f"no metadata store at {address}; nothing has run there yet")
    with lock_store(address):
        yield RunStore(open_store(address), pipeline_name)


def ended_well(execution: mlmd.Execution) -> bool:
    """Tell whether an execution came to its end, cached or not."""
    return execution.last_known_state in _STATES


def read_recorded_result(execution: mlmd.Execution) -> NodeResult | None:
    """Read the result that was kept with an execution, if there is one."""
    text = execution.custom_properties[_RESULT_PROPERTY].string_value
    return NodeResult.model_validate_json(text) if text else None
