"""Records of other versions: what is unknown is passed over, what is missing is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from components.record_file import UnreadableRecordError, write_record
from pipelines.config.layout import OutputLayout
from pipelines.records.about import About
from pipelines.records.description import read_description
from tests.tiny_store import compile_run


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A description that this version wrote."""
    layout = OutputLayout(tmp_path)
    about = About(purpose="to tell tips", owners=("us",))
    path = layout.run("run").description_path
    write_record(compile_run(layout, "run").model_copy(update={"about": about}), path)
    return path


def _change(path: Path, change: dict[str, Any], drop: str | None = None) -> None:
    content = {**json.loads(path.read_text()), **change}
    content.pop(drop, None)
    path.write_text(json.dumps(content))


def test_what_is_unknown_is_passed_over(path: Path) -> None:
    """A description of another version, with fields that are not known here, is read."""
    expected = read_description(path)
    content = json.loads(path.read_text())
    about = {**content["about"], "mood": "good"}
    nodes = [{**node, "colour": "red"} for node in content["nodes"]]
    _change(path, {"origin_hash": "0", "weather": {"sun": 1}, "about": about, "nodes": nodes})

    found = read_description(path)

    assert found == expected
    assert found.about is not None
    assert found.about.owners == ("us",)


def test_a_record_without_a_version_is_of_the_first(path: Path) -> None:
    """Records from before versions were kept have none, and are read as version 1."""
    assert json.loads(path.read_text())["format_version"] == 1
    _change(path, {}, drop="format_version")

    assert read_description(path).format_version == 1


@pytest.mark.parametrize(
    ("change", "drop", "said"),
    [
        ({}, "nodes", "nodes is missing"),
        ({"compiled_at": "soon"}, None, "compiled_at: got 'soon'"),
        ({"nodes": [{"id": "A"}]}, None, "nodes.0.type is missing (and 3 more)"),
        ({"format_version": 7}, "name", "a later version wrote it (format 7, here 1)"),
    ],
)
def test_what_is_missing_is_named_in_one_line(
    path: Path, change: dict[str, Any], drop: str | None, said: str
) -> None:
    """The file, what is missing in it and what to do stand in one line."""
    _change(path, change, drop)

    with pytest.raises(UnreadableRecordError) as caught:
        read_description(path)

    assert str(caught.value).startswith(str(path))
    assert said in str(caught.value)
    assert "version" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"null"])
def test_a_file_that_is_no_record_is_named(path: Path, content: bytes) -> None:
    """Half a file, or another kind of file, is no traceback either."""
    path.write_bytes(content)

    with pytest.raises(UnreadableRecordError, match=r"description\.json can't be read"):
        read_description(path)


def test_configuration_stays_strict() -> None:
    """In what people write, an unknown key is still a mistake."""
    with pytest.raises(ValueError, match="mood"):
        About.model_validate({"mood": "good"})
