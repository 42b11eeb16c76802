"""Reset and rollback on a real metadata store and real version folders."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import ml_metadata
import pytest
from ml_metadata.proto import metadata_store_pb2 as mlmd
from tfx.orchestration.portable import inputs_utils

from components.champion.choice import Action
from components.pusher.version_store import hash_directory, list_versions
from pipelines.champion import ChampionError, ChampionStore
from pipelines.compilation import compile_pipeline
from pipelines.config import load_config
from pipelines.guarded_metadata import GuardedMetadata
from pipelines.ir_file import write_compiled
from pipelines.layout import OutputLayout
from pipelines.open_store import open_store
from pipelines.report.index_facts import collect_index
from pipelines.store_address import parse_store_url
from pipelines.store_connection import create_connection_config
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
    return ChampionStore(store, PIPELINE, layout)


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
    other = ChampionStore(store, "buses", of_buses)
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
    ChampionStore(store, "buses", layout).reset("wrong stops")
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
