"""The schema as a file; plain Python."""

from __future__ import annotations

import hashlib
from pathlib import Path

SCHEMA_FILE_NAME = "schema.pbtxt"


def hash_schema(schema_path: Path) -> str:
    """Hash a schema file's content.

    Args:
        schema_path: Path of a ``schema.pbtxt``.

    Returns:
        SHA-256 in hexadecimal.

    Raises:
        FileNotFoundError: If there is no such file.
    """
    return hashlib.sha256(schema_path.read_bytes()).hexdigest()
