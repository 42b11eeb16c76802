"""``validation.json`` of this version and of the one before."""

from __future__ import annotations

import json
from pathlib import Path

from components.model_validator.validation import FILE_NAME, ModelReference, Validation
from components.record_file import read_record, write_record

VALIDATION = Validation(
    blessed=True,
    summary="1 passed",
    candidate=ModelReference(id=2, uri="/model"),
    baseline=None,
    examples=60,
    metrics=(),
    gates=(),
    incompatible_champion="no such column",
)


def test_either_name_of_the_incompatible_champion_is_read(tmp_path: Path) -> None:
    """Both names are written for one release; a file with the earlier one alone is read."""
    path = tmp_path / FILE_NAME
    write_record(VALIDATION, path)
    content = json.loads(path.read_text())

    assert content["incompatible_champion"] == content["champion_misfit"] == "no such column"
    assert content["format_version"] == 2
    del content["incompatible_champion"], content["format_version"]
    path.write_text(json.dumps(content))
    assert read_record(Validation, path).incompatible_champion == "no such column"
