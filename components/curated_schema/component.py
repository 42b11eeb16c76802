"""The TFX component that publishes the curated schema as an artifact of its own.

TFX's importers key their cache on the file's path, so an edited schema would go unnoticed, and
the artifacts of old runs would change with the file. This one is keyed on the content and copies.
"""

from pathlib import Path

from tfx.dsl.component.experimental.annotations import OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types.standard_artifacts import Schema

from components.atomic_write import atomic_write
from components.curated_schema.schema_file import SCHEMA_FILE_NAME, read_unchanged


@component
def CuratedSchema(  # noqa: N802 - TFX names components like classes
    schema: OutputArtifact[Schema],
    schema_path: Parameter[str],
    schema_sha256: Parameter[str],
) -> None:
    """Copy the curated schema into the artifact's folder.

    Args:
        schema_sha256: Hash of its content when the pipeline was compiled; the cache key.

    Raises:
        ValueError: If the file has changed since.
    """
    atomic_write(
        Path(schema.uri, SCHEMA_FILE_NAME), read_unchanged(Path(schema_path), schema_sha256)
    )
