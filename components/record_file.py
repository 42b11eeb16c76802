"""Records as JSON files: written whole or not at all, read whole or refused in one line."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import pydantic

from components.atomic_write import atomic_write
from components.errors import OperationError
from components.record import FORMAT_VERSION, Record

_Record = TypeVar("_Record", bound=Record)


class UnreadableRecordError(OperationError, ValueError):
    """A file does not hold the record that it should; one line names it, and what is missing."""


class _Version(Record):
    format_version: int = FORMAT_VERSION


def write_record(record: pydantic.BaseModel, path: Path) -> None:
    """Write a record as indented JSON, as ``atomic_write`` does."""
    atomic_write(path, f"{record.model_dump_json(indent=2)}\n".encode())


def read_record(kind: type[_Record], path: Path) -> _Record:
    """Read a record from its JSON file; unknown fields are ignored.

    Raises:
        OSError: If the file can't be read.
        UnreadableRecordError: If something is missing in it, or is not what it should be.
    """
    text = path.read_bytes()
    try:
        return kind.model_validate_json(text)
    except pydantic.ValidationError as error:
        raise UnreadableRecordError(
            f"{path} can't be read: {describe_mismatch(error)}; {_find_remedy(kind, text)}"
        ) from error


def find_record(kind: type[_Record], path: Path) -> _Record | None:
    """Read a record as ``read_record`` does; None where the file is not there."""
    return read_record(kind, path) if path.is_file() else None


def describe_mismatch(error: pydantic.ValidationError) -> str:
    """Describe in a few words what of a record is missing or is not what it should be."""
    first = error.errors()[0]
    more = "" if error.error_count() == 1 else f" (and {error.error_count() - 1} more)"
    if first["type"] == "json_invalid":
        return f"not whole JSON{more}"
    name = ".".join(map(str, first["loc"])) or "its content"
    if first["type"] == "missing":
        return f"{name} is missing{more}"
    expected = first["msg"].removeprefix("Input should be ")
    return f"{name}: got {str(first['input'])[:80]!r}, expected {expected}{more}"


def _find_remedy(kind: type[Record], text: bytes) -> str:
    field = kind.model_fields.get("format_version")
    known = FORMAT_VERSION if field is None else field.default
    try:
        version = _Version.model_validate_json(text).format_version
    except pydantic.ValidationError:
        version = FORMAT_VERSION
    if version > known:
        return f"a later version wrote it (format {version}, here {known}): use that one"
    return "use the version that wrote it, or move the file away"
