"""Where a run's model comes from: artifacts and executions, back to the CSV files."""

from __future__ import annotations

from components.examples.input_file import InputFile
from components.frozen_model import FrozenModel


class LineageArtifact(FrozenModel):
    """An artifact, and what made it.

    Attributes:
        node: Node that made it; None where no node of the store did.
        made_of: Ids of the artifacts of the lineage that it was made from.
        version: Version under ``serving/``; None for all but a pushed model.
    """

    id: int
    type: str
    uri: str
    is_freed: bool
    node: str | None
    run_id: str | None
    execution_id: int | None
    made_of: tuple[int, ...]
    version: int | None = None


class Lineage(FrozenModel):
    """From the last thing that a run made back to its rows.

    Attributes:
        artifacts: The pushed model first (or the last artifact that the run got to), each before
            what it is made of, the examples last. What a model was only compared with, the champion
            and the previous data, is left out.
        files: The CSV files that the rows came from, with their SHA-256.
        span: First day of the span, ``YYYY-MM-DD``; None where the data was not read as a span.
    """

    artifacts: tuple[LineageArtifact, ...]
    files: tuple[InputFile, ...]
    span: str | None
