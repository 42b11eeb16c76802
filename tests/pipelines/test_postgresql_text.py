from __future__ import annotations

import uuid

import ml_metadata
import pytest
from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipelines.postgresql_text import protect_statements
from pipelines.store_address import parse_store_url
from pipelines.store_connection import create_connection_config
from tests.postgresql_server import PostgresqlServer

TEXTS = [
    "plain",
    'a JSON text in a JSON text: {"config": "{\\"steps\\": 3}"}',
    "it's a quote",
    "\\",
    "C:\\new\\table",
    '\\\'); DROP TABLE "Artifact"; --',
    "two\nlines, and ünïcode",
]


@pytest.fixture(scope="module")
def store(postgresql: PostgresqlServer) -> ml_metadata.MetadataStore:
    """Open a store in a database of its own."""
    url = postgresql.create_database(f"texts_{uuid.uuid4().hex}")
    config = create_connection_config(parse_store_url(url))
    return protect_statements(ml_metadata.MetadataStore(config, enable_upgrade_migration=True))


@pytest.mark.parametrize("text", TEXTS)
def test_every_text_comes_back_as_it_was(store: ml_metadata.MetadataStore, text: str) -> None:
    """Properties, names and addresses are stored and found whatever characters they hold."""
    kind = store.put_artifact_type(mlmd.ArtifactType(name="Thing"))
    artifact = mlmd.Artifact(type_id=kind, uri=text, name=text)
    artifact.custom_properties["text"].string_value = text
    [artifact_id] = store.put_artifacts([artifact])

    [stored] = store.get_artifacts_by_id([artifact_id])
    found = store.get_artifacts_by_uri(text)

    assert (stored.uri, stored.name) == (text, text)
    assert stored.custom_properties["text"].string_value == text
    assert [each.id for each in found] == [artifact_id]
    assert artifact.custom_properties["text"].string_value == text
