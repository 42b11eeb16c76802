"""Reset and rollback on a real metadata store and real version folders."""

from __future__ import annotations

from pathlib import Path

import ml_metadata
import pytest
from ml_metadata.proto import metadata_store_pb2 as mlmd

from components.champion.choice import Action
from components.champion.properties import MODEL_ID_PROPERTY
from components.pusher.version_store import hash_directory, list_versions
from pipelines.champion import ChampionError, ChampionStore
from pipelines.layout import OutputLayout

VERSIONS = [100, 200, 300]


@pytest.fixture
def store(tmp_path: Path) -> ml_metadata.MetadataStore:
    """A store in which three models were pushed, one after the other."""
    config = mlmd.ConnectionConfig()
    config.sqlite.filename_uri = str(tmp_path / "metadata.sqlite")
    config.sqlite.connection_mode = mlmd.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
    opened = ml_metadata.MetadataStore(config)
    kind = opened.put_context_type(mlmd.ContextType(name="pipeline"))
    opened.put_contexts([mlmd.Context(type_id=kind, name="taxi")])
    for version in VERSIONS:
        _push(opened, tmp_path, version)
    return opened


def _push(store: ml_metadata.MetadataStore, root: Path, version: int) -> None:
    model_type = store.put_artifact_type(mlmd.ArtifactType(name="Model"))
    pushed_type = store.put_artifact_type(mlmd.ArtifactType(name="PushedModel"))
    [model_id] = store.put_artifacts([mlmd.Artifact(type_id=model_type, uri=f"model/{version}")])
    pushed = mlmd.Artifact(type_id=pushed_type)
    pushed.custom_properties["pushed"].int_value = 1
    pushed.custom_properties["pushed_version"].string_value = str(version)
    pushed.custom_properties[MODEL_ID_PROPERTY].int_value = model_id
    store.put_artifacts([pushed])
    folder = root / "serving" / str(version)
    folder.mkdir(parents=True)
    (folder / "saved_model.pb").write_text(f"model of {version}")


@pytest.fixture
def champion(store: ml_metadata.MetadataStore, tmp_path: Path) -> ChampionStore:
    """The champion in that store."""
    return ChampionStore(store, "taxi", OutputLayout(tmp_path))


def test_the_last_pushed_is_the_champion(champion: ChampionStore) -> None:
    """Without any change the newest pushed model is the champion."""
    state = champion.show()

    assert (state.version, state.model_uri) == (300, "model/300")
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


def test_a_rollback_serves_the_version_before(champion: ChampionStore, tmp_path: Path) -> None:
    """The version before the champion's serves again, as the newest number."""
    change = champion.roll_back("complaints")

    assert change.from_version == 200
    assert change.version == max(list_versions(tmp_path / "serving")) > 300
    old, new = (tmp_path / "serving" / str(number) for number in (200, change.version))
    assert hash_directory(old) == hash_directory(new)
    assert champion.show().model_uri == "model/200"
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
    champion: ChampionStore, store: ml_metadata.MetadataStore, tmp_path: Path
) -> None:
    """A model that was pushed since counts again."""
    champion.roll_back("bad")
    _push(store, tmp_path, 10**11)

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

    context = store.get_context_by_type_and_name("pipeline", "taxi")
    [artifact] = store.get_artifacts_by_context(context.id)
    [execution] = store.get_executions_by_context(context.id)
    [event] = store.get_events_by_artifact_ids([artifact.id])
    assert artifact.type == execution.type == "ChampionChange"
    assert (event.execution_id, event.type) == (execution.id, mlmd.Event.OUTPUT)
