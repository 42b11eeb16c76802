"""Read the compiled pipeline's shape: all that a DAG file knows of the pipeline."""

from __future__ import annotations

from pathlib import Path

from components.record_file import UnreadableRecordError
from pipelines.records.description import PipelineDescription, read_description
from pipelines.records.errors import ConfigError


def load_compiled_pipeline(path: Path) -> PipelineDescription:
    """Read the description that ``compile --description`` wrote.

    Raises:
        ConfigError: If the file is missing, or another version wrote it.
    """
    try:
        return read_description(path)
    except (OSError, UnreadableRecordError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ConfigError(f"{path}: {why}; write it with `make airflow-compile`") from error
