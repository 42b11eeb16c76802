"""Read the compiled pipeline's shape: all that a DAG file knows of the pipeline."""

from __future__ import annotations

from pathlib import Path

import pydantic

from pipelines.records.description import PipelineDescription


class NotCompiledError(Exception):
    """There is no compiled pipeline to make a DAG of; one line says what to do."""


def load_compiled_pipeline(path: Path) -> PipelineDescription:
    """Read a description.

    Args:
        path: File that ``python -m pipelines compile --description`` wrote.

    Returns:
        The pipeline's name, nodes and edges.

    Raises:
        NotCompiledError: If the file is missing, or is another version's.
    """
    remedy = "write it with `make airflow-compile`"
    try:
        return PipelineDescription.model_validate_json(path.read_bytes())
    except OSError as error:
        raise NotCompiledError(f"{path}: {error.strerror}; {remedy}") from error
    except pydantic.ValidationError as error:
        raise NotCompiledError(f"{path}: not a description of this version; {remedy}") from error
