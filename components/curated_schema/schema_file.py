"""The schema as a file; plain Python."""

from __future__ import annotations

import hashlib
from pathlib import Path

SCHEMA_FILE_NAME = "schema.pbtxt"


def hash_schema(schema_path: Path) -> str:
    """Hash a schema file's content; gives SHA-256 in hexadecimal."""
    return hashlib.sha256(schema_path.read_bytes()).hexdigest()


def read_unchanged(schema_path: Path, sha256: str) -> bytes:
    """Read a schema file, if its content is still the one that ``hash_schema`` hashed.

    Raises:
        ValueError: If it is not.
    """
    content = schema_path.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ValueError(
            f"{schema_path} has changed since the pipeline was compiled; compile it again"
        )
    return content
