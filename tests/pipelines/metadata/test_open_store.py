"""Text in the metadata store: any signs and any length come back as they were."""

from __future__ import annotations

import random
from pathlib import Path

import ml_metadata
import pytest
from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipelines.config.store_address import SqliteAddress, parse_store_url
from pipelines.metadata.open_store import decode_text, encode_text, open_store
from tests.postgresql_server import PostgresqlServer

TEXTS = [
    "plain",
    'it\'s "quoted" $1 $$ %s {} ; --',
    "\\",
    "C:\\new\\trips.csv",
    "\\'",
    "\\'; DROP TABLE Artifact; --",
    "\\\\''\\",
    '{"config": "{\\"threshold\\": 0.5}"}',
    "é \n \t 漢 \U0001f695",
    "\ue05c0 \ue05c1 \ue05c",
]


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ml_metadata.MetadataStore:
    """An empty store of each kind."""
    if request.param == "sqlite":
        return open_store(SqliteAddress(tmp_path / "metadata.sqlite"))
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    name = "text_" + "".join(sign for sign in request.node.name if sign.isalnum()).lower()
    return open_store(parse_store_url(server.create_database(name)))


def _keep(store: ml_metadata.MetadataStore, texts: list[str]) -> mlmd.Artifact:
    """Put an artifact with texts wherever it can have them into the store, and get it back."""
    type_id = store.put_artifact_type(mlmd.ArtifactType(name="Trips"))
    artifact = mlmd.Artifact(type_id=type_id, uri=f"/{texts[0]}", name=texts[0])
    for number, text in enumerate(texts):
        artifact.custom_properties[f"{number}"].string_value = text
        artifact.custom_properties[f"named {text[:99]}"].int_value = number
    [artifact_id] = store.put_artifacts([artifact])
    [kept] = store.get_artifacts_by_id([artifact_id])
    for copied in ("name", "uri", "custom_properties"):
        assert getattr(kept, copied) == getattr(artifact, copied)
    return kept


def test_any_signs_come_back(store: ml_metadata.MetadataStore) -> None:
    """Backslashes and quotes are text, wherever they stand, and never SQL."""
    _keep(store, TEXTS[::-1])
    assert len(store.get_artifacts()) == 1


def test_any_length_comes_back(store: ml_metadata.MetadataStore) -> None:
    """Text that can't be compressed is kept too: a list of a thousand files with their hashes."""
    _keep(store, ["name", random.Random(1).randbytes(100_000).hex()])


def test_names_are_found_again(store: ml_metadata.MetadataStore) -> None:
    """What was kept under a name is found under it."""
    type_id = store.put_context_type(mlmd.ContextType(name="run"))
    store.put_contexts([mlmd.Context(type_id=type_id, name=text) for text in TEXTS])

    for text in TEXTS:
        assert store.get_context_by_type_and_name("run", text).name == text
    assert {context.name for context in store.get_contexts()} == set(TEXTS)


@pytest.mark.parametrize("text", [*TEXTS, "a\0b", "\0"])
def test_encoded_text_is_safe_and_reversible(text: str) -> None:
    """No backslash and no NUL is left, and the text can be read back."""
    encoded = encode_text(text)

    assert "\\" not in encoded
    assert "\0" not in encoded
    assert decode_text(encoded) == text
