"""A node that is run again in its run, resolved by TFX's own launcher code from a real store."""

from __future__ import annotations

from typing import Any

import ml_metadata
import pytest
from google.protobuf import json_format
from ml_metadata.proto import metadata_store_pb2 as mlmd
from tfx.orchestration.portable import inputs_utils
from tfx.orchestration.portable.mlmd import context_lib, execution_lib
from tfx.proto.orchestration import pipeline_pb2
from tfx.types.standard_artifacts import Examples

from pipelines.launcher.repeated_node import begin_attempt
from pipelines.metadata.run_store import ATTEMPT_CONTEXT, RunStore

PIPELINE = "trips"


class Handle:
    """A store in memory, under the name that TFX's functions look for it."""

    def __init__(self) -> None:
        config = mlmd.ConnectionConfig()
        config.fake_database.SetInParent()
        self.store = ml_metadata.MetadataStore(config)


class Runs:
    """Runs of a pipeline of two nodes: ``Reader`` puts ``examples`` out, ``Counter`` takes them."""

    def __init__(self) -> None:
        self.handle = Handle()
        self.store = RunStore(self.handle.store, PIPELINE)

    def attempt(
        self,
        run_id: str,
        outputs: int = 1,
        state: mlmd.Execution.State = mlmd.Execution.COMPLETE,
        kind: mlmd.Event.Type = mlmd.Event.OUTPUT,
    ) -> list[int]:
        """Run the first node, and give the ids of what it put out."""
        node = create_node("Reader", run_id)
        begin_attempt(node, self.store, run_id)
        contexts = context_lib.prepare_contexts(self.handle, node.contexts)
        made = [Examples() for _ in range(outputs)]
        for examples in made:
            examples.mlmd_artifact.state = mlmd.Artifact.LIVE
        execution = execution_lib.prepare_execution(
            self.handle, mlmd.ExecutionType(name="Reader"), state
        )
        execution_lib.put_execution(
            self.handle,
            execution,
            contexts,
            output_artifacts={"examples": made},
            output_event_type=kind,
        )
        return [examples.id for examples in made]

    def resolve(self, run_id: str) -> list[int]:
        """Give the ids of what TFX's launcher would give the second node."""
        node = create_node("Counter", run_id, takes="Reader")
        begin_attempt(node, self.store, run_id)
        [inputs] = inputs_utils.resolve_input_artifacts(
            pipeline_node=node, metadata_handle=self.handle
        )
        return [artifact.id for artifact in inputs["examples"]]


def create_node(node_id: str, run_id: str, takes: str = "") -> pipeline_pb2.PipelineNode:
    """Create a node as the compiler writes it, its run's name filled in."""
    ir: dict[str, Any] = {
        "nodeInfo": {"id": node_id, "type": {"name": node_id}},
        "contexts": {"contexts": _name_contexts(run_id, node_id)},
    }
    if takes:
        channel = {
            "producerNodeQuery": {"id": takes},
            "contextQueries": _name_contexts(run_id, takes),
            "artifactQuery": {"type": {"name": "Examples"}},
            "outputKey": "examples",
        }
        ir["inputs"] = {"inputs": {"examples": {"channels": [channel]}}}
    return json_format.ParseDict(ir, pipeline_pb2.PipelineNode())


def _name_contexts(run_id: str, node_id: str) -> list[dict[str, Any]]:
    names = {"pipeline": PIPELINE, "pipeline_run": run_id, "node": f"{PIPELINE}.{node_id}"}
    return [
        {"type": {"name": kind}, "name": {"fieldValue": {"stringValue": name}}}
        for kind, name in names.items()
    ]


def test_the_only_attempt_counts() -> None:
    """A run without retries is resolved as TFX does it, other runs left out."""
    runs = Runs()
    runs.attempt("other")
    made = runs.attempt("run", outputs=2)

    assert sorted(runs.resolve("run")) == sorted(made)


def test_only_the_last_attempt_counts() -> None:
    """Of two attempts that ended well, the first one's outputs are not handed on."""
    runs = Runs()
    runs.attempt("run")
    last = runs.attempt("run")

    assert runs.resolve("run") == last


def test_an_attempt_that_found_nothing_counts() -> None:
    """Where the last attempt put nothing out, nothing is handed on, and not what was before."""
    runs = Runs()
    runs.attempt("run", kind=mlmd.Event.INTERNAL_OUTPUT)
    runs.attempt("run", outputs=0)

    assert runs.resolve("run") == []


def test_what_a_resolver_found_last_counts() -> None:
    """Nodes that only resolve are run again like any other."""
    runs = Runs()
    runs.attempt("run", kind=mlmd.Event.INTERNAL_OUTPUT)
    last = runs.attempt("run", kind=mlmd.Event.INTERNAL_OUTPUT)

    assert runs.resolve("run") == last


@pytest.mark.parametrize("state", [mlmd.Execution.FAILED, mlmd.Execution.RUNNING])
def test_attempts_that_did_not_end_well_do_not_count(state: mlmd.Execution.State) -> None:
    """A dead attempt between two good ones, or after them, changes nothing."""
    runs = Runs()
    runs.attempt("run")
    runs.attempt("run", outputs=0, state=state)
    last = runs.attempt("run")
    runs.attempt("run", outputs=0, state=state)

    assert runs.resolve("run") == last


def test_another_runs_attempts_do_not_count() -> None:
    """Each run has its own last attempt."""
    runs = Runs()
    runs.attempt("run")
    last = runs.attempt("run")
    runs.attempt("other")
    runs.attempt("other")

    assert runs.resolve("run") == last


def test_each_attempt_is_an_execution_of_its_own() -> None:
    """No attempt takes up what another has left, whatever became of it."""
    runs = Runs()
    runs.attempt("run")
    runs.attempt("run", state=mlmd.Execution.FAILED)
    runs.attempt("run")

    names = {context.name for context in runs.handle.store.get_contexts_by_type(ATTEMPT_CONTEXT)}
    assert names == {"run.Reader.1", "run.Reader.2", "run.Reader.3"}
    assert len(runs.store.list_attempts("run", "Reader")) == 3
