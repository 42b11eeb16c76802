"""The curated schema comes into a run as it stood when the pipeline was compiled."""

from __future__ import annotations

from pathlib import Path

import pytest
import tensorflow_data_validation as tfdv
from tfx.types.standard_artifacts import Schema

from components.curated_schema.component import CuratedSchema
from components.curated_schema.schema_file import hash_schema
from schemas.feature_table import get_schema_path

PATH = get_schema_path("chicago_taxi")


def _run(schema_path: Path, sha256: str, target: Path) -> None:
    artifact = Schema()
    artifact.uri = str(target)
    executor = CuratedSchema.EXECUTOR_SPEC.executor_class()
    executor.Do(
        {},
        {"schema": [artifact]},
        {"schema_path": str(schema_path), "schema_sha256": sha256},
    )


def test_copies_the_schema_into_the_artifact(tmp_path: Path) -> None:
    """The artifact holds the same schema, and no longer changes with the file."""
    _run(PATH, hash_schema(PATH), tmp_path / "artifact")

    copied = tmp_path / "artifact" / "schema.pbtxt"
    assert copied.read_bytes() == PATH.read_bytes()
    assert tfdv.load_schema_text(str(copied)) == tfdv.load_schema_text(str(PATH))


def test_refuses_a_schema_that_changed_after_compilation(tmp_path: Path) -> None:
    """A file that is not the one that was compiled is an error that says what to do."""
    changed = tmp_path / "schema.pbtxt"
    changed.write_text(PATH.read_text() + "\n# changed\n")

    with pytest.raises(ValueError, match="compile it again"):
        _run(changed, hash_schema(PATH), tmp_path / "artifact")

    assert not (tmp_path / "artifact").exists()
