"""A run read once from real files and stores, with what its artifacts were made of."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.config.layout import OutputLayout
from pipelines.records.node_result import NodeState
from pipelines.runs.recorded_run import RecordedRun, load_run
from tests.tiny_store import CACHED, PIPELINE, TinyStore, compile_run

NODES = ("Reader", "Trainer", "Judge")


@pytest.fixture
def run(tmp_path: Path) -> RecordedRun:
    """The second of two runs: it read the same rows, and compares its model with the first's."""
    layout = OutputLayout(tmp_path)
    store = TinyStore.open(layout.metadata_store, PIPELINE)
    rows = store.create_artifact("Examples", tmp_path / "rows")
    first = store.record("first", "Reader", outputs={"examples": rows})
    [rows] = store.store.get_artifacts_by_id([store.find_outputs(first)["examples"]])
    models = {}
    for run_id in ("first", "second"):
        compile_run(layout, run_id, node_ids=NODES)
        if run_id == "second":
            store.record(run_id, "Reader", state=CACHED, outputs={"examples": rows})
        model = store.create_artifact("Model", tmp_path / run_id)
        made = store.record(
            run_id, "Trainer", inputs={"examples": rows.id}, outputs={"model": model}
        )
        models[run_id] = store.find_outputs(made)["model"]
    compared = {"model": models["second"], "baseline_model": models["first"]}
    store.record("second", "Judge", inputs=compared)
    return load_run(layout, "second")


def test_every_artifact_has_its_producer(run: RecordedRun) -> None:
    """Of inputs and outputs, cached or compared with, the node and the run that made them."""
    makers = {
        stored.key: (run.producers[stored.id].node_id, run.producers[stored.id].run_id)
        for node in run.nodes
        for stored in (*node.inputs, *node.outputs)
    }

    assert makers == {
        "examples": ("Reader", "first"),
        "model": ("Trainer", "second"),
        "baseline_model": ("Trainer", "first"),
    }


def test_a_model_is_made_of_its_rows_and_not_of_its_champion(run: RecordedRun) -> None:
    """What a node only compares with is an input, but not what its outputs are made of."""
    judge = run.nodes[-1].execution
    model = run.find_output("Trainer", "model")

    assert judge is not None
    assert model is not None
    assert [given.key for given in judge.made_of] == ["model"]
    assert [given.key for given in run.producers[model.id].made_of] == ["examples"]


def test_a_node_has_the_execution_before_it(run: RecordedRun) -> None:
    """It is what the node is compared with to explain why it ran; a cached node needs none."""
    reader, trainer, judge = run.nodes

    assert (reader.result.state, reader.previous) == (NodeState.CACHED, None)
    assert trainer.previous is not None
    assert trainer.previous.run_id == "first"
    assert judge.previous is None


def test_without_a_store_no_node_has_started(tmp_path: Path) -> None:
    """A run that was compiled, and whose first node never got as far as the store."""
    layout = OutputLayout(tmp_path)
    compile_run(layout, "run", node_ids=NODES)

    run = load_run(layout, "run")

    assert {node.result.state for node in run.nodes} == {NodeState.SKIPPED}
    assert (run.outputs, run.push, run.data_verdict, run.validation) == ((), None, None, None)
    assert run.find_output("Trainer", "model") is None
