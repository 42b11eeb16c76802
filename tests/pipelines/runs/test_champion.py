"""Reset and rollback on a real metadata store and real version folders."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import shutil
import signal
from pathlib import Path
from unittest import mock

import ml_metadata
import pytest
from ml_metadata.proto import metadata_store_pb2 as mlmd
from tfx.orchestration.portable import inputs_utils

from components.champion.choice import Action
from components.pusher.version_store import hash_directory, list_versions
from pipelines.cli import main
from pipelines.compiler.compilation import compile_pipeline
from pipelines.compiler.ir_file import write_compiled
from pipelines.config.environment_file import load_config
from pipelines.config.layout import OutputLayout
from pipelines.config.store_address import parse_store_url
from pipelines.launcher.stale_executions import get_node_lock
from pipelines.metadata.open_store import create_connection_config, open_store
from pipelines.metadata.run_store import RunStore
from pipelines.metadata.tfx_internals import GuardedMetadata
from pipelines.records.errors import UsageError
from pipelines.records.exit_code import ExitCode
from pipelines.report.facts.index_facts import collect_index
from pipelines.runs.champion import ChampionError, ChampionStore, Recovered, open_champion
from tests.champion_store import create_pipeline_context, put_model, put_push
from tests.postgresql_server import PostgresqlServer

PIPELINE = "chicago_taxi"
VERSIONS = [100, 200, 300]


@pytest.fixture(params=["sqlite", "postgresql"])
def layout(request: pytest.FixtureRequest, tmp_path: Path) -> OutputLayout:
    """An output root whose metadata store is of each kind."""
    if request.param == "sqlite":
        return OutputLayout(tmp_path)
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    name = "champion_" + hashlib.sha256(request.node.name.encode()).hexdigest()[:16]
    return OutputLayout(tmp_path, parse_store_url(server.create_database(name)))


@pytest.fixture
def store(layout: OutputLayout) -> ml_metadata.MetadataStore:
    """A store in which three models were pushed, one after the other."""
    opened = open_store(layout.metadata_store)
    create_pipeline_context(opened, PIPELINE)
    for version in VERSIONS:
        _push(opened, layout, version)
    return opened


def _push(
    store: ml_metadata.MetadataStore, layout: OutputLayout, version: int, pipeline: str = PIPELINE
) -> int:
    """Push a model of its own as a version; gives the model's id."""
    context = store.get_context_by_type_and_name("pipeline", pipeline)
    directory = layout.root / "model" / str(version)
    model_id = put_model(store, context, directory)
    target = layout.serving_root / str(version)
    shutil.copytree(directory / "Format-Serving", target)
    put_push(store, context, model_id, target)
    return model_id


@pytest.fixture
def champion(store: ml_metadata.MetadataStore, layout: OutputLayout) -> ChampionStore:
    """The champion in that store."""
    return ChampionStore(RunStore(store, PIPELINE), layout)


def _lose_record(layout: OutputLayout, version: int) -> None:
    """Put the model of an earlier version in place again, as a killed push or rollback would."""
    model = layout.root / "model" / "200" / "Format-Serving"
    shutil.copytree(model, layout.serving_root / str(version))


def _get_model(layout: OutputLayout, version: int) -> str:
    return str(layout.root / "model" / str(version))


def test_the_last_pushed_is_the_champion(champion: ChampionStore, layout: OutputLayout) -> None:
    """Without any change the newest pushed model is the champion."""
    state = champion.show()

    assert (state.version, state.model_uri) == (300, _get_model(layout, 300))
    assert state.changes == ()


def test_a_reset_leaves_none(champion: ChampionStore) -> None:
    """After a reset there is no champion, and who, when and why are kept."""
    champion.reset("the label was wrong")

    state = champion.show()
    assert state.model_id is None
    assert state.serving_versions == (100, 200, 300)
    [change] = state.changes
    assert (change.action, change.reason) == (Action.RESET, "the label was wrong")
    assert "@" in change.who
    assert change.when.endswith("+00:00")


def test_a_rollback_serves_the_version_before(
    champion: ChampionStore, layout: OutputLayout
) -> None:
    """The version before the champion's serves again, as the newest number."""
    change = champion.roll_back("complaints")

    assert change.from_version == 200
    assert change.version == max(list_versions(layout.serving_root)) > 300
    old, new = (layout.serving_root / str(number) for number in (200, change.version))
    assert hash_directory(old) == hash_directory(new)
    assert champion.show().model_uri == _get_model(layout, 200)
    assert champion.show().version == change.version


def test_a_second_rollback_goes_further_back(champion: ChampionStore) -> None:
    """Rolling back twice does not come back to where it started."""
    champion.roll_back("bad")

    assert champion.roll_back("also bad").from_version == 100
    with pytest.raises(ChampionError, match="no earlier version"):
        champion.roll_back("all bad")


def test_a_rollback_goes_where_it_is_told(champion: ChampionStore) -> None:
    """``--to`` names the version; one that there is not is refused with those that there are."""
    assert champion.roll_back("known good", to_version=100).from_version == 100
    with pytest.raises(ChampionError, match="150, expected one of the versions: 100, 200, 300"):
        champion.roll_back("typo", to_version=150)


def test_a_push_after_a_rollback_is_the_champion(
    champion: ChampionStore, store: ml_metadata.MetadataStore, layout: OutputLayout
) -> None:
    """A model that was pushed since counts again."""
    champion.roll_back("bad")
    _push(store, layout, 10**11)

    assert champion.show().version == 10**11


def test_there_must_be_a_champion_to_reset(champion: ChampionStore) -> None:
    """Resetting twice is refused."""
    champion.reset("once")

    with pytest.raises(ChampionError, match="no champion"):
        champion.reset("twice")


def test_a_change_needs_a_reason(champion: ChampionStore) -> None:
    """An empty reason is refused, and nothing changes."""
    for change in (champion.reset, champion.roll_back):
        with pytest.raises(UsageError, match=r"^--reason: got ' ', expected a few words"):
            change(" ")

    assert champion.show().changes == ()


def test_a_change_belongs_to_the_pipeline(
    champion: ChampionStore, store: ml_metadata.MetadataStore
) -> None:
    """The change is an artifact that an execution in the pipeline's context put out."""
    champion.reset("why not")

    context = store.get_context_by_type_and_name("pipeline", PIPELINE)
    artifact = max(store.get_artifacts_by_context(context.id), key=lambda one: one.id)
    execution = max(store.get_executions_by_context(context.id), key=lambda one: one.id)
    [event] = store.get_events_by_artifact_ids([artifact.id])
    assert artifact.type == execution.type == "ChampionChange"
    assert (event.execution_id, event.type) == (execution.id, mlmd.Event.OUTPUT)


def test_what_another_pipeline_does_counts_for_that_one(
    champion: ChampionStore, store: ml_metadata.MetadataStore, layout: OutputLayout, tmp_path: Path
) -> None:
    """Two pipelines in one store each have their own champion, pushes and changes."""
    create_pipeline_context(store, "buses")
    of_buses = OutputLayout(tmp_path / "buses", layout.database)
    other = ChampionStore(RunStore(store, "buses"), of_buses)
    assert other.show().model_id is None

    model_id = _push(store, of_buses, 400, "buses")

    assert other.show().model_id == model_id
    assert champion.show().version == 300
    other.reset("wrong stops")
    assert other.show().model_id is None
    assert (champion.show().version, champion.show().changes) == (300, ())


def test_the_resolver_gives_the_pipelines_own_champion(
    store: ml_metadata.MetadataStore, layout: OutputLayout
) -> None:
    """The compiled pipeline looks for models, pushes and changes among its own alone."""
    create_pipeline_context(store, "buses")
    for version in (400, 500):
        _push(store, OutputLayout(layout.root / "buses", layout.database), version, "buses")
    ChampionStore(RunStore(store, "buses"), layout).reset("wrong stops")
    ir, _ = compile_pipeline(load_config("test", [f"output_root={layout.root}"]))
    [node] = [
        one.pipeline_node
        for one in ir.nodes
        if one.pipeline_node.node_info.id == "LatestBlessedModel"
    ]

    with GuardedMetadata(create_connection_config(layout.metadata_store)) as handle:
        [found] = inputs_utils.resolve_input_artifacts(pipeline_node=node, metadata_handle=handle)

    assert [model.uri for model in found["model"]] == [_get_model(layout, 300)]


def test_the_page_of_all_runs_tells_the_champion(
    champion: ChampionStore, layout: OutputLayout
) -> None:
    """It reads it from a database as from a file."""
    ir, description = compile_pipeline(load_config("test", [f"output_root={layout.root}"]))
    run = layout.run("compiled")
    write_compiled(ir, description, run.ir_path, run.description_path)

    assert collect_index(layout).champion == champion.show()


def test_a_version_that_was_not_recorded_is_found_by_its_content(
    champion: ChampionStore, layout: OutputLayout
) -> None:
    """Its model is the champion, with who, when and why; that is recorded, and said, once."""
    _lose_record(layout, 400)

    recovered = champion.recover()

    [line] = recovered.lines
    assert line == (
        "champion recovered: serving/400 was put in place and not recorded: a push or a rollback "
        "was cut short; champion: version 400"
    )
    state = champion.show()
    assert (state.version, state.model_uri) == (400, _get_model(layout, 200))
    [change] = state.changes
    assert change == recovered.change
    assert (change.action, change.version) == (Action.RECOVERED, 400)
    assert "@" in change.who
    assert champion.recover() == Recovered()


def test_of_equal_models_the_newest_is_found(
    champion: ChampionStore, store: ml_metadata.MetadataStore, layout: OutputLayout
) -> None:
    """Two artifacts hold the same files: a model that was made again."""
    _lose_record(layout, 400)
    again = layout.root / "again" / "200"
    model_id = put_model(store, store.get_context_by_type_and_name("pipeline", PIPELINE), again)

    champion.recover()

    assert champion.show().model_id == model_id


def test_a_version_that_is_gone_leaves_the_one_below(
    champion: ChampionStore, layout: OutputLayout
) -> None:
    """The newest version that is in place is the champion's; after the last one there is none."""
    shutil.rmtree(layout.serving_root / "300")
    assert len(champion.recover().lines) == 1
    assert (champion.show().version, champion.show().model_uri) == (200, _get_model(layout, 200))

    shutil.rmtree(layout.serving_root)
    [line] = champion.recover().lines

    assert line.endswith("nor is any other version; there is no champion")
    assert champion.show().model_id is None
    assert champion.recover() == Recovered()


def test_a_foreign_model_is_named_each_time(champion: ChampionStore, layout: OutputLayout) -> None:
    """It is not taken as champion, and nothing is recorded."""
    foreign = layout.serving_root / "900"
    foreign.mkdir()
    (foreign / "saved_model.pb").write_text("somebody else's")

    for _ in range(2):
        [line] = champion.recover().lines
        assert line.startswith("serving/900 holds no model of this pipeline")

    assert (champion.show().version, champion.show().changes) == (300, ())


def test_another_pipelines_model_is_foreign(
    champion: ChampionStore, store: ml_metadata.MetadataStore, layout: OutputLayout
) -> None:
    """Only the pipeline's own models are looked through."""
    directory = layout.root / "model" / "bus"
    put_model(store, create_pipeline_context(store, "buses"), directory)
    shutil.copytree(directory / "Format-Serving", layout.serving_root / "400")

    assert champion.recover() == Recovered(unknown=(400,))


@pytest.mark.parametrize("layout", ["postgresql"], indirect=True)
def test_what_another_output_root_serves_is_left_alone(
    champion: ChampionStore, store: ml_metadata.MetadataStore, layout: OutputLayout
) -> None:
    """Where one database has runs of two roots, each is compared with what it pushed itself."""
    elsewhere = OutputLayout(layout.root / "elsewhere", layout.database)
    _push(store, elsewhere, 400)

    assert champion.recover() == Recovered()
    assert ChampionStore(RunStore(store, PIPELINE), elsewhere).recover() == Recovered()


def test_a_pusher_at_work_is_left_to_record_its_push(
    champion: ChampionStore, store: ml_metadata.MetadataStore, layout: OutputLayout
) -> None:
    """While its process lives nothing is recorded; once it has died, its version is."""
    contexts = [
        mlmd.Context(type_id=store.put_context_type(mlmd.ContextType(name=kind)), name=name)
        for kind, name in (("pipeline_run", "run"), ("node", f"{PIPELINE}.Pusher"))
    ]
    kind = store.put_execution_type(mlmd.ExecutionType(name="Pusher"))
    running = mlmd.Execution(type_id=kind, last_known_state=mlmd.Execution.RUNNING)
    store.put_execution(running, [], contexts)

    with get_node_lock(layout, "run", "Pusher").hold():
        _lose_record(layout, 400)
        assert champion.recover() == Recovered()
    change = champion.recover().change

    assert change is not None
    assert change.version == 400


def _die_rolling_back(layout: OutputLayout) -> None:
    def die(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    with (
        mock.patch.object(ChampionStore, "_create_artifact", die),
        open_champion(layout, PIPELINE) as champion,
    ):
        champion.roll_back("complaints")


def test_a_rollback_that_was_killed_is_found(
    champion: ChampionStore, layout: OutputLayout, capsys: pytest.CaptureFixture[str]
) -> None:
    """Killed between version and record: the next command tells, and goes no version further."""
    process = multiprocessing.get_context("fork").Process(target=_die_rolling_back, args=(layout,))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    [*_, version] = list_versions(layout.serving_root)
    assert version > 300
    words = ["--config", "test", "--output", str(layout.root)]
    if layout.database:
        words += ["--set", f"metadata_store={layout.database}"]

    assert main(["champion", "rollback", "--reason", "again", *words]) == ExitCode.FAILED

    line, error = capsys.readouterr().err.splitlines()
    assert line.startswith(f"champion recovered: serving/{version} was put in place and not")
    assert error.startswith("error: the champion was recovered just now")
    assert champion.show().version == version
    assert champion.show().model_uri == _get_model(layout, 200)
    assert main(["champion", "rollback", "--reason", "further", *words]) == ExitCode.DONE
    assert capsys.readouterr().err == ""
    assert champion.show().model_uri == _get_model(layout, 100)


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["sqlite"], indirect=True)
def test_a_run_is_compiled_for_what_serves(
    champion: ChampionStore, layout: OutputLayout, capsys: pytest.CaptureFixture[str]
) -> None:
    """Compiling a run for a scheduler records what serves first, and says so."""
    _lose_record(layout, 400)
    words = ["--config", "test", "--output", str(layout.root)]

    assert main(["compile", "--run-id", "scheduled", *words]) == ExitCode.DONE

    assert capsys.readouterr().err.startswith("champion recovered: serving/400 ")
    assert champion.show().version == 400
