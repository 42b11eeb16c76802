"""What is asked of a metadata store with many runs and more than one pipeline."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ml_metadata
import pytest
from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipelines.cli import main
from pipelines.config.layout import OutputLayout
from pipelines.config.store_address import SqliteAddress, StoreAddress, parse_store_url
from pipelines.launcher.stale_executions import close_stale_executions
from pipelines.metadata.open_store import create_connection_config
from pipelines.metadata.run_store import RunStore, open_run_store
from pipelines.records.exit_code import ExitCode
from pipelines.records.node_result import NodeState
from pipelines.runs.explanation import explain_node
from pipelines.runs.recorded_run import read_run
from tests.tiny_store import CACHED, COMPLETE, FAILED, RUNNING, TinyStore, compile_run

PATH = Path("/nowhere")


class CountingStore(ml_metadata.MetadataStore):
    """A store that counts the executions that it gives."""

    def __init__(self, address: StoreAddress) -> None:
        super().__init__(create_connection_config(address))
        self.given = 0

    def get_executions(self, *words: Any, **options: Any) -> list[mlmd.Execution]:
        """Give executions that a filter asks for."""
        return self._count(super().get_executions(*words, **options))

    def get_executions_by_id(self, *words: Any, **options: Any) -> list[mlmd.Execution]:
        """Give executions by number."""
        return self._count(super().get_executions_by_id(*words, **options))

    def get_executions_by_context(self, *words: Any, **options: Any) -> list[mlmd.Execution]:
        """Give all executions of a context."""
        return self._count(super().get_executions_by_context(*words, **options))

    def get_executions_by_type(self, *words: Any, **options: Any) -> list[mlmd.Execution]:
        """Give all executions of a type."""
        return self._count(super().get_executions_by_type(*words, **options))

    def _count(self, executions: list[mlmd.Execution]) -> list[mlmd.Execution]:
        self.given += len(executions)
        return executions


@pytest.fixture(params=["sqlite", "postgresql"])
def address(
    request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StoreAddress]:
    """An empty store of either kind."""
    if request.param == "sqlite":
        yield SqliteAddress(tmp_path / "metadata.sqlite")
    else:
        server = request.getfixturevalue("postgresql")
        name = tmp_path_factory.mktemp("database").name.replace("-", "_")
        yield parse_store_url(server.create_database(name))


def _record_runs(address: StoreAddress, count: int) -> None:
    """Record runs of two nodes, the second of which takes what the first read before."""
    tiny = TinyStore.open(address, "trips")
    examples = tiny.create_artifact("Examples", PATH)
    first = tiny.record("run-0", "Reader", outputs={"examples": examples})
    [examples] = tiny.store.get_artifacts_by_id([tiny.find_outputs(first)["examples"]])
    tiny.record("run-0", "Counter", inputs={"examples": examples.id})
    for number in range(1, count):
        run_id = f"run-{number}"
        tiny.record(run_id, "Reader", state=CACHED, outputs={"examples": examples})
        tiny.record(run_id, "Counter", inputs={"examples": examples.id})


@pytest.mark.parametrize("count", [3, 60])
def test_what_is_loaded_does_not_grow_with_the_runs(count: int, tmp_path: Path) -> None:
    """Looking a node up loads as many executions after sixty runs as after three."""
    layout = OutputLayout(tmp_path)
    _record_runs(layout.metadata_store, count)
    store = CountingStore(layout.metadata_store)
    runs = RunStore(store, "trips")
    last = f"run-{count - 1}"
    description = compile_run(layout, last)
    counts = []

    def count_given() -> None:
        counts.append(store.given)
        store.given = 0

    reader, counter = (runs.find_execution(last, name) for name in ("Reader", "Counter"))
    count_given()
    assert reader is not None
    assert counter is not None
    [examples] = runs.list_inputs(counter)
    runs.list_attempts(last, "Reader")
    count_given()
    runs.find_previous_execution("Counter", counter.id)
    count_given()
    runs.find_producer(examples.artifact.id)
    count_given()
    close_stale_executions(runs, layout, "Reader", last)
    count_given()
    run = read_run(runs, layout, description, last)
    for node in run.nodes:
        explain_node(run, node, NodeState.DONE)
    count_given()

    # The last: one look-up a node, the producer of what was cached, and the run before.
    assert counts == [2, 1, 1, 1, 0, 4]


def test_a_store_is_asked_for_what_fits(address: StoreAddress) -> None:
    """Attempts, previous results and what is running are those of the node, run and state."""
    tiny = TinyStore.open(address, "trips")
    old = tiny.record("a", "Reader")
    tiny.record("a", "Reader", state=FAILED)
    cached = tiny.record("b", "Reader", state=CACHED)
    tiny.record("b", "Counter")
    dead = tiny.record("b", "Reader", state=RUNNING)
    newest = tiny.record("c", "Reader")
    runs = RunStore(tiny.store, "trips")

    def number(execution: mlmd.Execution | None) -> int | None:
        return execution.id if execution else None

    assert [one.id for one in runs.list_attempts("b", "Reader")] == [cached.id, dead.id]
    assert number(runs.find_execution("b", "Reader")) == dead.id
    assert number(runs.find_previous_execution("Reader", newest.id)) == cached.id
    assert number(runs.find_previous_execution("Reader", cached.id)) == old.id
    assert runs.find_previous_execution("Reader", old.id) is None
    assert [one.id for one in runs.list_running("Reader")] == [dead.id]
    assert [one.id for one in runs.list_running()] == [dead.id]
    assert runs.list_running("Counter") == []
    assert len(runs.list_executions("b")) == 3
    assert runs.find_execution("b", "Nobody") is None
    assert runs.list_executions("nothing") == []


def test_what_was_put_out_and_read_is_found(address: StoreAddress) -> None:
    """A producer is the first that put an artifact out, readers read it under one name."""
    tiny = TinyStore.open(address, "trips")
    maker = tiny.record("a", "Trainer", outputs={"model": tiny.create_artifact("Model", PATH)})
    [model] = tiny.store.get_artifacts_by_id([tiny.find_outputs(maker)["model"]])
    tiny.record("b", "Trainer", state=CACHED, outputs={"model": model})
    first = tiny.record("a", "Judge", inputs={"model": model.id})
    second = tiny.record("b", "Judge", inputs={"model": model.id})
    tiny.record("c", "Judge", inputs={"baseline": model.id})
    tiny.record("c", "Pusher", inputs={"model": model.id})
    runs = RunStore(tiny.store, "trips")

    producer = runs.find_producer(model.id)

    assert producer is not None
    assert (producer.id, runs.find_run(producer), runs.find_node(producer)) == (
        maker.id,
        "a",
        "Trainer",
    )
    readers = runs.list_readers(model.id, "model", "Judge")
    assert [one.id for one in readers] == [second.id, first.id]


def test_one_artifact_under_two_names_is_both_inputs(address: StoreAddress) -> None:
    """A candidate that is the champion already has one event in the store, which tells both."""
    tiny = TinyStore.open(address, "trips")
    maker = tiny.record("a", "Trainer", outputs={"model": tiny.create_artifact("Model", PATH)})
    model = tiny.find_outputs(maker)["model"]
    judge = tiny.record("b", "Judge", inputs={"model": model, "baseline_model": model})
    runs = RunStore(tiny.store, "trips")

    given = runs.list_inputs(judge)

    assert sorted((one.key, one.id) for one in given) == [
        ("baseline_model", model),
        ("model", model),
    ]
    for key in ("model", "baseline_model"):
        assert [one.id for one in runs.list_readers(model, key, "Judge")] == [judge.id]


def test_a_copy_for_a_partial_run_is_no_earlier_result(address: StoreAddress) -> None:
    """What TFX copies for a node that a run leaves out says nothing of its inputs and settings."""
    tiny = TinyStore.open(address, "trips")
    first = tiny.record("a", "Reader")
    tiny.record("b", "Reader", state=CACHED, is_copied=True)
    newest = tiny.record("c", "Reader")

    found = RunStore(tiny.store, "trips").find_previous_execution("Reader", newest.id)

    assert found is not None
    assert found.id == first.id


@pytest.mark.parametrize("name", ["o'brien", 'say "x"', "a\\b", "50% off"])
def test_any_name_can_be_looked_up(address: StoreAddress, name: str) -> None:
    """A quote in a name is a sign like any other, and ends no query."""
    tiny = TinyStore.open(address, name)
    made = tiny.record(name, name)
    runs = RunStore(tiny.store, name)

    found = runs.find_execution(name, name)

    assert found is not None
    assert found.id == made.id
    assert runs.find_execution(name, "o'x") is None


def test_pipelines_in_one_store_do_not_see_each_other(address: StoreAddress) -> None:
    """Two pipelines with a run of the same name and nodes of the same name are two histories."""
    ours, theirs = (TinyStore.open(address, name) for name in ("ours", "theirs"))
    kept = ours.record("run", "Reader", outputs={"k": ours.create_artifact("Examples", PATH)})
    theirs.record("run", "Reader", outputs={"k": theirs.create_artifact("Examples", PATH)})
    theirs.record("run", "Reader", state=RUNNING)
    runs = RunStore(ours.store, "ours")

    assert [one.id for one in runs.list_executions("run")] == [kept.id]
    assert [one.id for one in runs.list_attempts("run", "Reader")] == [kept.id]
    assert runs.find_previous_execution("Reader", 1000) is not None
    assert runs.list_running() == []
    assert [one.id for one in runs.list_artifacts()] == list(ours.find_outputs(kept).values())


def test_garbage_is_the_pipelines_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``gc`` waits for no other pipeline's node, and frees no other pipeline's files."""
    layout = OutputLayout(tmp_path)
    for minutes, run_id in enumerate(("a", "b")):
        compile_run(layout, run_id, minutes, pipeline="ours")
    ours, theirs = (TinyStore.open(layout.metadata_store, name) for name in ("ours", "theirs"))
    for tiny, run_id in ((ours, "a"), (ours, "b"), (theirs, "x")):
        folder = layout.pipeline_root / tiny.pipeline / run_id
        folder.mkdir(parents=True)
        examples = tiny.create_artifact("Examples", folder)
        tiny.record(run_id, "Reader", state=COMPLETE, outputs={"examples": examples})
    theirs.record("x", "Counter", state=RUNNING)

    assert main(["gc", "--keep", "1", "--output", str(tmp_path)]) == ExitCode.DONE

    assert "freed 1 artifacts" in capsys.readouterr().out
    assert {path.name for path in layout.pipeline_root.glob("*/*")} == {"b", "x"}
    with open_run_store(layout.metadata_store, "ours") as store:
        states = [artifact.state for artifact in store.list_artifacts()]
    assert states == [mlmd.Artifact.DELETED, mlmd.Artifact.LIVE]
