from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pydantic
import pytest

from components.examples.input_file import (
    InputFile,
    dump_input_files,
    hash_file,
    load_input_files,
)


def test_the_list_is_read_as_it_was_written() -> None:
    """Files come back in their order, also those of a version that says more of them."""
    files = (InputFile(path="b.csv", rows=2, sha256="d4"), InputFile(path="ä", rows=0, sha256=""))
    text = dump_input_files(files)
    newer = json.dumps([{**fields, "bytes": 7} for fields in json.loads(text)])

    assert json.loads(text)[0] == {"path": "b.csv", "rows": 2, "sha256": "d4"}
    assert load_input_files(text) == load_input_files(newer) == files


@pytest.mark.parametrize("text", ["", "{}", '[{"path": "a.csv"}]'])
def test_what_is_not_such_a_list_is_refused(text: str) -> None:
    """Neither JSON of another kind nor a file without its rows passes for the list."""
    with pytest.raises(pydantic.ValidationError):
        load_input_files(text)


def test_a_file_is_hashed_by_its_bytes(tmp_path: Path) -> None:
    """The hash is that of the whole content, over several chunks."""
    content = bytes(range(256)) * 5000
    (tmp_path / "data").write_bytes(content)

    assert hash_file(str(tmp_path / "data")) == hashlib.sha256(content).hexdigest()
