"""The small description of a compiled pipeline: what a scheduler needs, and no more.

Plain Python, so that a DAG file or the command line reads it without importing TFX.
"""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated

import pydantic

from components.record import FORMAT_VERSION, Record
from components.record_file import read_record
from pipelines.records.about import About
from pipelines.records.nodes import Stage
from schemas.sample_data import Period


class NodeDescription(Record):
    """One node.

    Attributes:
        type: Class path of its TFX component.
        upstream: Ids of the nodes that must be done before it.
    """

    id: str
    type: str
    stage: Stage
    upstream: tuple[str, ...]
    parameters: dict[str, str]


def _ignore_unknown(about: object) -> object:
    """Leave out what this version does not know: as configuration, the model would refuse it."""
    if not isinstance(about, dict):
        return about
    return {name: about[name] for name in about if name in About.model_fields}


_About = Annotated[About, pydantic.BeforeValidator(_ignore_unknown)]


class PipelineDescription(Record):
    """A compiled pipeline.

    Attributes:
        name: Its name in the metadata store.
        content_hash: SHA-256 of the compiled pipeline, the same for the same pipeline.
        code_hash: SHA-256 of all our sources; empty in a description from before it was recorded.
        config_hash: SHA-256 of the configuration as JSON; empty likewise.
        about: What people state about the model; None likewise.
        nodes: In an order in which they can run one after another.
        span_period: What a span covers; ``quarter`` in a description from before it was kept.
        not_asked_for: Ids of nodes that the run leaves out, by ``--from`` or ``--to``.
    """

    name: str
    content_hash: str
    compiled_at: datetime.datetime
    output_root: str
    code_hash: str = ""
    config_hash: str = ""
    about: _About | None = None
    nodes: tuple[NodeDescription, ...]
    span_period: Period = "quarter"
    not_asked_for: tuple[str, ...] = ()
    format_version: int = FORMAT_VERSION

    @property
    def shape(self) -> dict[str, tuple[str, frozenset[str]]]:
        """Each node's type and upstream nodes, by id: what a DAG is drawn from."""
        return {node.id: (node.type, frozenset(node.upstream)) for node in self.nodes}

    def node(self, node_id: str) -> NodeDescription:
        """Look a node up.

        Raises:
            KeyError: If the pipeline has none of that id.
        """
        for node in self.nodes:
            if node.id == node_id:
                return node
        raise KeyError(f"pipeline {self.name!r} has no node {node_id!r}")


def read_description(path: Path) -> PipelineDescription:
    """Read a compiled pipeline's description from its JSON file.

    Raises:
        OSError: If the file can't be read.
        UnreadableRecordError: If it holds none.
    """
    return read_record(PipelineDescription, path)
