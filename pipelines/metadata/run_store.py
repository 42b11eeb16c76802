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

from components.problem import Problem
from components.record_file import describe_mismatch
from pipelines.config.store_address import SqliteAddress, StoreAddress
from pipelines.metadata.open_store import open_store
from pipelines.metadata.store_lock import lock_store
from pipelines.records.errors import UsageError
from pipelines.records.node_result import NodeResult, NodeState, Rows

_logger = logging.getLogger(__name__)

# Types of contexts, by what the executions in one share: the last one holds a single execution.
PIPELINE_CONTEXT = "pipeline"
RUN_CONTEXT = "pipeline_run"
NODE_CONTEXT = "node"
ATTEMPT_CONTEXT = "node_attempt"

_RESULT_PROPERTY = "node_result"
# Inputs that a node only compares with: its outputs are not made of them.
_COMPARED_PREFIXES = ("previous_", "baseline_")
# Inputs that are read on top of the others of the same kind.
_EARLIER_PREFIX = "earlier_"

# Filters name contexts and artifacts by number alone: on PostgreSQL, ml-metadata 1.16 puts the text
# of a filter into SQL as it is, so that a quote in a name would end it.
_RUNNING = "last_known_state = RUNNING"
_ENDED_WELL = "(last_known_state = COMPLETE OR last_known_state = CACHED)"

_STATES = {mlmd.Execution.COMPLETE: NodeState.DONE, mlmd.Execution.CACHED: NodeState.CACHED}

_Context = tuple[str, str]
"""Type and name."""


@dataclasses.dataclass(frozen=True)
class StoredArtifact:
    """An input or output of an execution; ``key`` is what the node calls it."""

    key: str
    artifact: mlmd.Artifact

    @property
    def id(self) -> int:
        """Its id in the store."""
        return int(self.artifact.id)

    @property
    def type(self) -> str:
        """Name of its type, such as ``ExampleStatistics``."""
        return str(self.artifact.type)

    @property
    def path(self) -> Path:
        """Folder of its files."""
        return Path(self.artifact.uri)

    @property
    def is_freed(self) -> bool:
        """Whether its files are gone."""
        return self.artifact.state == mlmd.Artifact.DELETED or not self.path.exists()

    @property
    def is_compared_with(self) -> bool:
        """Whether it is an input that the node only compares with."""
        return self.key.startswith(_COMPARED_PREFIXES)

    @property
    def split_names(self) -> list[str]:
        """Its splits; empty where it has none."""
        return json.loads(self.artifact.properties["split_names"].string_value or "[]")

    def integer(self, name: str) -> int:
        """Read an integer custom property; 0 where it is not set."""
        return int(self.artifact.custom_properties[name].int_value)

    def text(self, name: str) -> str:
        """Read a text custom property; empty where it is not set."""
        return str(self.artifact.custom_properties[name].string_value)


@dataclasses.dataclass(frozen=True)
class StoredExecution:
    """An execution with its artifacts; a change that a person made is of no run and no node."""

    execution: mlmd.Execution
    run_id: str | None
    node_id: str | None
    inputs: tuple[StoredArtifact, ...]
    outputs: tuple[StoredArtifact, ...]

    @property
    def id(self) -> int:
        """Its id in the store."""
        return int(self.execution.id)

    @property
    def is_cached(self) -> bool:
        """Whether it took the outputs of an earlier execution."""
        return self.execution.last_known_state == mlmd.Execution.CACHED

    @property
    def made_of(self) -> tuple[StoredArtifact, ...]:
        """The inputs, without what it only compares with."""
        return tuple(given for given in self.inputs if not given.is_compared_with)


class RunStore:
    """The runs of one pipeline in its metadata store."""

    def __init__(self, store: ml_metadata.MetadataStore, pipeline_name: str) -> None:
        self.store = store
        self._pipeline = (PIPELINE_CONTEXT, pipeline_name)
        self._context_ids: dict[_Context, int] = {}
        self._names: dict[int, dict[str, str]] = {}

    def find_run(self, execution: mlmd.Execution) -> str | None:
        """Find the run that an execution belongs to."""
        return self._read_names(execution).get(RUN_CONTEXT)

    def find_node(self, execution: mlmd.Execution) -> str | None:
        """Find the node that an execution is of; None for a change that a person made."""
        name = self._read_names(execution).get(NODE_CONTEXT)
        return None if name is None else name.removeprefix(f"{self._pipeline[1]}.")

    def list_running(self, node_id: str | None = None) -> list[mlmd.Execution]:
        """List a node's executions that are marked running, or all nodes', in order.

        Those whose process has died are among them.
        """
        context = self._pipeline if node_id is None else self._node(node_id)
        return self._list_executions([context], _RUNNING)

    def find_previous_execution(self, node_id: str, before: int) -> mlmd.Execution | None:
        """Find a node's last good execution, cached or not, before the one of id ``before``."""
        while found := self._find_last([self._node(node_id)], f"{_ENDED_WELL} AND id < {before}"):
            # For a node that a partial run leaves out, TFX only copies the outputs.
            if found.last_known_state != mlmd.Execution.CACHED or found.custom_properties:
                return found
            before = found.id
        return None

    def list_executions(self, run_id: str) -> list[mlmd.Execution]:
        """List a run's executions, in order; empty for a run that the store does not know."""
        return self._list_executions([self._pipeline, (RUN_CONTEXT, run_id)])

    def find_execution(self, run_id: str, node_id: str) -> mlmd.Execution | None:
        """Find the last execution of a node in a run; None if the node never started."""
        return self._find_last([(RUN_CONTEXT, run_id), self._node(node_id)])

    def list_attempts(self, run_id: str, node_id: str) -> list[mlmd.Execution]:
        """List a node's executions in a run, in order; more than one where it was run again."""
        return self._list_executions([(RUN_CONTEXT, run_id), self._node(node_id)])

    def list_readers(self, artifact_id: int, key: str, node_id: str) -> Iterator[mlmd.Execution]:
        """List a node's executions that read an artifact as the input ``key``, newest first."""
        events = self.store.get_events_by_artifact_ids([artifact_id])
        ids = {
            event.execution_id
            for event in events
            if event.type == mlmd.Event.INPUT and key in _list_keys(event)
        }
        for execution_id in sorted(ids, reverse=True):
            [execution] = self.store.get_executions_by_id([execution_id])
            if self.find_node(execution) == node_id:
                yield execution

    def list_artifacts(self, kind: str | None = None) -> list[mlmd.Artifact]:
        """List the artifacts of one type, or all, of runs and of changes by people, in order."""
        wanted = self._filter([self._pipeline], [f"type = '{kind}'"] if kind else [])
        if wanted is None:
            return []
        found = self.store.get_artifacts(ml_metadata.ListOptions(filter_query=wanted))
        return sorted(found, key=lambda artifact: artifact.id)

    def put_output(self, execution: mlmd.Execution, key: str, artifact: mlmd.Artifact) -> None:
        """Record an execution that is of the pipeline but of no node, with its one output."""
        event = mlmd.Event(type=mlmd.Event.OUTPUT)
        event.path.steps.add().key = key
        event.path.steps.add().index = 0
        context = self.store.get_context_by_type_and_name(*self._pipeline)
        self.store.put_execution(
            execution, [(artifact, event)], [context], reuse_context_if_already_exist=True
        )

    def read_execution(self, execution: mlmd.Execution) -> StoredExecution:
        """Read an execution's run, node and artifacts."""
        inputs, outputs = self._read_artifacts(execution, mlmd.Event.INPUT, mlmd.Event.OUTPUT)
        return StoredExecution(
            execution,
            self.find_run(execution),
            self.find_node(execution),
            tuple(inputs),
            tuple(outputs),
        )

    def list_inputs(self, execution: mlmd.Execution) -> list[StoredArtifact]:
        """List an execution's inputs."""
        return self._read_artifacts(execution, mlmd.Event.INPUT)[0]

    def list_outputs(self, execution: mlmd.Execution) -> list[StoredArtifact]:
        """List an execution's outputs, cached or not."""
        return self._read_artifacts(execution, mlmd.Event.OUTPUT)[0]

    def list_handed_on(self, execution: mlmd.Execution) -> list[StoredArtifact]:
        """List an execution's outputs, and those that it only resolved."""
        kinds = mlmd.Event.OUTPUT, mlmd.Event.INTERNAL_OUTPUT
        return [stored for found in self._read_artifacts(execution, *kinds) for stored in found]

    def find_producer(self, artifact_id: int) -> mlmd.Execution | None:
        """Find the execution that made an artifact: the first that has it as an output."""
        return next(self._list_makers(artifact_id), None)

    def record(self, execution: mlmd.Execution, result: NodeResult) -> None:
        """Store a node's result with its execution."""
        [stored] = self.store.get_executions_by_id([execution.id])
        stored.custom_properties[_RESULT_PROPERTY].string_value = result.model_dump_json()
        self.store.put_executions([stored])

    def fail(self, execution: mlmd.Execution) -> None:
        """Mark an execution as failed, its process having died."""
        [stored] = self.store.get_executions_by_id([execution.id])
        stored.last_known_state = mlmd.Execution.FAILED
        self.store.put_executions([stored])

    def count_written_rows(self, artifact_id: int) -> dict[str, int]:
        """Find an artifact's rows by split, as first counted; empty where nothing was counted."""
        # Its maker may have died before it counted; then one that took it from the cache did.
        for execution in self._list_makers(artifact_id):
            result = read_recorded_result(execution)
            if result is not None and result.rows.written:
                return result.rows.written
        return {}

    def count_rows(self, execution: mlmd.Execution, written: dict[str, int]) -> Rows:
        """Collect the rows that an execution read, and those ``written``, or cached, by split."""
        read: dict[str, int] = {}
        added: list[dict[str, int]] = []
        for given in self.list_inputs(execution):
            if given.is_compared_with:
                continue
            rows = self.count_written_rows(given.id)
            if given.key.startswith(_EARLIER_PREFIX):
                added.append(rows)
            else:
                read.update(rows)
        for rows in added:
            read = {split: read.get(split, 0) + rows.get(split, 0) for split in read}
        for made in self.list_outputs(execution) if not written else ():
            written = {**written, **self.count_written_rows(made.id)}
        return Rows(read=read, written=written)

    def _node(self, node_id: str) -> _Context:
        return NODE_CONTEXT, f"{self._pipeline[1]}.{node_id}"

    def _find_context(self, context: _Context) -> int | None:
        """Find a context's id, which stays the same once there is one."""
        if context not in self._context_ids:
            found = self.store.get_context_by_type_and_name(*context)
            if found is None:
                return None
            self._context_ids[context] = found.id
        return self._context_ids[context]

    def _read_names(self, execution: mlmd.Execution) -> dict[str, str]:
        """Read the names of an execution's contexts, by type."""
        if execution.id not in self._names:
            contexts = self.store.get_contexts_by_execution(execution.id)
            self._names[execution.id] = {context.type: context.name for context in contexts}
        return self._names[execution.id]

    def _find_last(self, contexts: Sequence[_Context], *conditions: str) -> mlmd.Execution | None:
        found = self._query(self._filter(contexts, conditions), is_asc=False, limit=1)
        return found[0] if found else None

    def _list_executions(
        self, contexts: Sequence[_Context], *conditions: str
    ) -> list[mlmd.Execution]:
        """List the executions that are in all of some contexts and fit conditions, in order."""
        return self._query(self._filter(contexts, conditions))

    def _filter(self, contexts: Sequence[_Context], conditions: Sequence[str]) -> str | None:
        """Write a filter in ml-metadata's language; None where a context is not there."""
        ids = [self._find_context(context) for context in contexts]
        if None in ids:
            return None
        named = [f"contexts_{place}.id = {number}" for place, number in enumerate(ids)]
        return " AND ".join([*named, *conditions])

    def _query(
        self, wanted: str | None, *, is_asc: bool = True, limit: int | None = None
    ) -> list[mlmd.Execution]:
        if wanted is None:
            return []
        options = ml_metadata.ListOptions(
            limit=limit, order_by=ml_metadata.OrderByField.ID, is_asc=is_asc, filter_query=wanted
        )
        return list(self.store.get_executions(list_options=options))

    def _list_makers(self, artifact_id: int) -> Iterator[mlmd.Execution]:
        """List the executions with an artifact as an output, cached ones too, in order."""
        # One by one: with every run that found the artifact cached there is one more.
        put_out = f"events_0.artifact_id = {artifact_id} AND events_0.type = OUTPUT"
        last = 0
        while found := self._query(f"{put_out} AND id > {last}", limit=1):
            yield from found
            last = found[0].id

    def _read_artifacts(
        self, execution: mlmd.Execution, *kinds: mlmd.Event.Type
    ) -> list[list[StoredArtifact]]:
        """Read an execution's artifacts; one list per kind of event."""
        found = self.store.get_events_by_execution_ids([execution.id])
        events = sorted(
            (event for event in found if event.type in kinds), key=lambda event: event.artifact_id
        )
        ids = sorted({event.artifact_id for event in events})
        artifacts = {artifact.id: artifact for artifact in self.store.get_artifacts_by_id(ids)}
        return [
            [
                StoredArtifact(key, artifacts[event.artifact_id])
                for event in events
                if event.type == kind
                for key in _list_keys(event)
            ]
            for kind in kinds
        ]


def _list_keys(event: mlmd.Event) -> list[str]:
    """List what an artifact was to an execution: one event tells of all, such as both models."""
    return list(dict.fromkeys(step.key for step in event.path.steps if step.HasField("key")))


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
    """Tell whether an execution completed, cached or not."""
    return execution.last_known_state in _STATES


def read_result(node_id: str, execution: mlmd.Execution) -> NodeResult:
    """Read how a node ended: its recorded result, or, without one, what its execution shows."""
    recorded = read_recorded_result(execution)
    if recorded is not None:
        return recorded
    state = _STATES.get(execution.last_known_state, NodeState.FAILED)
    kept = execution.custom_properties[_RESULT_PROPERTY].string_value
    how = "left a result of another version" if kept else "ended without leaving a result"
    problem = Problem(rule="no result", message=f"the process {how}")
    started_ms = execution.create_time_since_epoch
    return NodeResult(
        id=node_id,
        state=state,
        started_at=datetime.datetime.fromtimestamp(started_ms / 1000, datetime.timezone.utc),
        seconds=(execution.last_update_time_since_epoch - started_ms) / 1000,
        cached=state is NodeState.CACHED,
        problems=(problem,) if state is NodeState.FAILED else (),
    )


def read_recorded_result(execution: mlmd.Execution) -> NodeResult | None:
    """Read the result that is stored with an execution; None where none can be read."""
    text = execution.custom_properties[_RESULT_PROPERTY].string_value
    try:
        return NodeResult.model_validate_json(text) if text else None
    except pydantic.ValidationError as error:
        _logger.warning(
            "execution %d: its result can't be read: %s; showing what the store has instead",
            execution.id,
            describe_mismatch(error),
        )
        return None
