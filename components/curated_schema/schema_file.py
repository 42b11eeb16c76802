"""The schema as a file; plain Python."""

from __future__ import annotations

import hashlib
from pathlib import Path

SCHEMA_FILE_NAME = "schema.pbtxt"


def hash_schema(schema_path: Path) -> str:
    """Hash a schema file's content.

    Returns:
        SHA-256 in hexadecimal.

    Raises:
        FileNotFoundError: If there is no such file.
    """
    return hashlib.sha256(schema_path.read_bytes()).hexdigest()


def read_unchanged(schema_path: Path, sha256: str) -> bytes:
    """Read a schema file, if it is still the one that was hashed.

    Args:
        sha256: Its hash then, as ``hash_schema`` gave it.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If its content is another.
    """
    content = schema_path.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ValueError(
            f"{schema_path} has changed since the pipeline was compiled; compile it again"
        )
    return content
