"""Read and annotate the metadata store, with ml-metadata alone: no TFX, no TensorFlow."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import json
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import ml_metadata
import pydantic
from ml_metadata.proto import metadata_store_pb2 as mlmd

from components.record_file import describe_mismatch
from pipelines.config.store_address import SqliteAddress, StoreAddress
from pipelines.metadata.open_store import open_store
from pipelines.metadata.store_lock import lock_store
from pipelines.records.errors import UsageError
from pipelines.records.node_result import NodeResult, NodeState, Problem, Rows

_logger = logging.getLogger(__name__)

_RESULT_PROPERTY = "node_result"
_PIPELINE_CONTEXT = "pipeline"
_RUN_CONTEXT = "pipeline_run"
_NODE_CONTEXT = "node"
# Inputs that are there to compare with: their rows are not what the node read.
_PREVIOUS_PREFIX = "previous_"
# Inputs that are read on top of the others of the same kind.
_EARLIER_PREFIX = "earlier_"

# Filters name contexts and artifacts by number alone: on PostgreSQL, ml-metadata 1.16 puts the text
# of a filter into SQL as it is, so that a quote in a name would end it.
_RUNNING = "last_known_state = RUNNING"
_ENDED_WELL = "(last_known_state = COMPLETE OR last_known_state = CACHED)"

_STATES = {
    mlmd.Execution.COMPLETE: NodeState.DONE,
    mlmd.Execution.CACHED: NodeState.CACHED,
}

_Context = tuple[str, str]
"""Type and name."""


@dataclasses.dataclass(frozen=True)
class StoredArtifact:
    """An artifact that a node was given or put out.

    Attributes:
        key: Name of the node's input or output.
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
        """Wrap an open store."""
        self._store = store
        self._pipeline_name = pipeline_name
        self._context_ids: dict[tuple[str, str], int] = {}
        self._names: dict[int, dict[str, str]] = {}

    @property
    def store(self) -> ml_metadata.MetadataStore:
        """The store itself."""
        return self._store

    def find_run(self, execution: mlmd.Execution) -> str | None:
        """Tell which run an execution belongs to."""
        return self._read_names(execution).get(_RUN_CONTEXT)

    def find_node(self, execution: mlmd.Execution) -> str | None:
        """Tell which node an execution is of; None for a change that a person made."""
        name = self._read_names(execution).get(_NODE_CONTEXT)
        return None if name is None else name.removeprefix(f"{self._pipeline_name}.")

    def list_running(self, node_id: str | None = None) -> list[mlmd.Execution]:
        """List the executions that are marked running, in order.

        Args:
            node_id: The node; None for all of the pipeline's.

        Returns:
            Those that run, and those whose process has died.
        """
        context = self._pipeline if node_id is None else self._node(node_id)
        return self._list_executions([context], _RUNNING)

    def find_previous_execution(self, node_id: str, before: int) -> mlmd.Execution | None:
        """Find the last execution of a node that ended well before another.

        Args:
            before: Id of the other execution.

        Returns:
            The execution, cached or not; None if there is none.
        """
        return self._find_last([self._node(node_id)], f"{_ENDED_WELL} AND id < {before}")

    def list_executions(self, run_id: str) -> list[mlmd.Execution]:
        """List a run's executions, in order; none for a run that the store does not know."""
        return self._list_executions([self._pipeline, (_RUN_CONTEXT, run_id)])

    def find_execution(self, run_id: str, node_id: str) -> mlmd.Execution | None:
        """Find the last execution of a node in a run.

        Returns:
            The execution; None if the node never started.
        """
        return self._find_last([(_RUN_CONTEXT, run_id), self._node(node_id)])

    def list_attempts(self, run_id: str, node_id: str) -> list[mlmd.Execution]:
        """List a node's executions in a run, in order; more than one where it was run again."""
        return self._list_executions([(_RUN_CONTEXT, run_id), self._node(node_id)])

    def list_readers(self, artifact_id: int, key: str, node_id: str) -> Iterator[mlmd.Execution]:
        """List a node's executions that read an artifact, the newest first.

        Args:
            key: Name of the input that it was read as.
        """
        events = self._store.get_events_by_artifact_ids([artifact_id])
        numbers = {
            event.execution_id
            for event in events
            if event.type == mlmd.Event.INPUT and event.path.steps[0].key == key
        }
        for number in sorted(numbers, reverse=True):
            [execution] = self._store.get_executions_by_id([number])
            if self.find_node(execution) == node_id:
                yield execution

    def list_artifacts(self) -> list[mlmd.Artifact]:
        """List every artifact that the pipeline's runs and people's changes put out or found."""
        context_id = self._find_context(self._pipeline)
        found = self._store.get_artifacts_by_context(context_id) if context_id else []
        return sorted(found, key=lambda artifact: artifact.id)

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
        """Keep a node's result with its execution."""
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

        Returns:
            Its recorded result; what the store tells, where none was recorded or it can't be read;
            None if the node never started.
        """
        execution = self.find_execution(run_id, node_id)
        if execution is None:
            return None
        recorded = read_recorded_result(execution)
        if recorded is not None:
            return recorded
        return _derive_result(node_id, execution)

    def count_written_rows(self, artifact_id: int) -> dict[str, int]:
        """Tell the rows of an artifact, as the first that put it out counted them.

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

    @property
    def _pipeline(self) -> _Context:
        return _PIPELINE_CONTEXT, self._pipeline_name

    def _node(self, node_id: str) -> _Context:
        return _NODE_CONTEXT, f"{self._pipeline_name}.{node_id}"

    def _find_context(self, context: _Context) -> int | None:
        """Find a context's id, which stays the same once there is one."""
        if context not in self._context_ids:
            found = self._store.get_context_by_type_and_name(*context)
            if found is None:
                return None
            self._context_ids[context] = found.id
        return self._context_ids[context]

    def _read_names(self, execution: mlmd.Execution) -> dict[str, str]:
        """Read the names of an execution's contexts, by type."""
        if execution.id not in self._names:
            contexts = self._store.get_contexts_by_execution(execution.id)
            self._names[execution.id] = {context.type: context.name for context in contexts}
        return self._names[execution.id]

    def _list_executions(
        self, contexts: Sequence[_Context], *conditions: str
    ) -> list[mlmd.Execution]:
        """List the executions that are in all of some contexts and fit conditions, in order."""
        wanted = self._filter(contexts, conditions)
        return [] if wanted is None else self._query(wanted)

    def _find_last(self, contexts: Sequence[_Context], *conditions: str) -> mlmd.Execution | None:
        wanted = self._filter(contexts, conditions)
        found = [] if wanted is None else self._query(wanted, is_ascending=False, limit=1)
        return found[0] if found else None

    def _filter(self, contexts: Sequence[_Context], conditions: Sequence[str]) -> str | None:
        """Write a filter in ml-metadata's language; None where a context is not there."""
        numbers = [self._find_context(context) for context in contexts]
        if None in numbers:
            return None
        named = [f"contexts_{place}.id = {number}" for place, number in enumerate(numbers)]
        return " AND ".join([*named, *conditions])

    def _query(
        self, wanted: str, *, is_ascending: bool = True, limit: int | None = None
    ) -> list[mlmd.Execution]:
        options = ml_metadata.ListOptions(
            limit=limit,
            order_by=ml_metadata.OrderByField.ID,
            is_asc=is_ascending,
            filter_query=wanted,
        )
        return list(self._store.get_executions(list_options=options))

    def _list_makers(self, artifact_id: int) -> Iterator[mlmd.Execution]:
        """List the executions that put an artifact out, those from the cache too, in order."""
        # One by one: with every run that found the artifact cached there is one more.
        put_out = f"events_0.artifact_id = {artifact_id} AND events_0.type = OUTPUT"
        last = 0
        while found := self._query(f"{put_out} AND id > {last}", limit=1):
            yield from found
            last = found[0].id

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
    """Read the result that was kept with an execution; None where there is none to be read."""
    text = execution.custom_properties[_RESULT_PROPERTY].string_value
    try:
        return NodeResult.model_validate_json(text) if text else None
    except pydantic.ValidationError as error:
        _logger.warning(
            "execution %d: its result can't be read: %s; shown is what the metadata store tells",
            execution.id,
            describe_mismatch(error),
        )
        return None


def _derive_result(node_id: str, execution: mlmd.Execution) -> NodeResult:
    """Tell how a node ended by its execution alone."""
    state = _STATES.get(execution.last_known_state, NodeState.FAILED)
    kept = execution.custom_properties[_RESULT_PROPERTY].string_value
    told = "left a result of another version" if kept else "ended without leaving a result"
    problem = Problem(rule="no result", message=f"the process {told}")
    started_ms = execution.create_time_since_epoch
    return NodeResult(
        id=node_id,
        state=state,
        started_at=datetime.datetime.fromtimestamp(started_ms / 1000, datetime.timezone.utc),
        seconds=(execution.last_update_time_since_epoch - started_ms) / 1000,
        cached=state is NodeState.CACHED,
        problems=(problem,) if state is NodeState.FAILED else (),
    )
