"""What the room takes from libraries that promise it to nobody."""

from __future__ import annotations

import importlib.metadata

import ml_metadata
import pytest
from ml_metadata.proto import metadata_store_pb2 as mlmd
from tfx.orchestration.metadata import Metadata

from pipelines.metadata import mlmd_internals, tfx_internals


@pytest.mark.parametrize("name", mlmd_internals.CHECKED_VERSIONS)
def test_ml_metadata_and_protobuf_are_of_the_versions_that_were_checked(name: str) -> None:
    """An upgrade of either asks for a look at the private call and at the labels of fields."""
    version = importlib.metadata.version(name)

    assert version == mlmd_internals.CHECKED_VERSIONS[name], mlmd_internals.__doc__
    assert callable(ml_metadata.MetadataStore._call), mlmd_internals.__doc__


def test_tfx_is_of_the_version_that_was_checked() -> None:
    """An upgrade of TFX asks for a look at the fields of its metadata handle."""
    assert importlib.metadata.version("tfx") == tfx_internals.CHECKED_VERSION, tfx_internals.__doc__
    fields = vars(Metadata(mlmd.ConnectionConfig()))
    assert {"_users", "_store"} <= set(fields), tfx_internals.__doc__
