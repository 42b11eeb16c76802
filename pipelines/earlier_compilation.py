"""Take a run's compiled pipeline over from an earlier run of the same code and configuration.

Compiling imports TFX's components, which a run that finds everything cached needs for nothing else.
Plain Python.
"""

from __future__ import annotations

import datetime
import hashlib

from pipelines.code_version import hash_installation
from pipelines.config import PipelineConfig
from pipelines.description import read_description, write_description
from pipelines.layout import OutputLayout, RunLayout
from pipelines.whole_file import write_whole
from schemas.feature_table import get_schema_path

_NEWEST_RUNS = 5


def hash_origin(config: PipelineConfig) -> str:
    """Hash all that a compiled pipeline depends on: code, packages, schema and configuration.

    Args:
        config: What the run is told.

    Returns:
        SHA-256 in hexadecimal; where it is the same, compiling would give the same.

    Raises:
        FileNotFoundError: If the task has no schema.
    """
    digest = hashlib.sha256(hash_installation().encode())
    digest.update(get_schema_path(config.task).read_bytes() + b"\0")
    digest.update(config.model_dump_json().encode())
    return digest.hexdigest()


def find_compiled(
    config: PipelineConfig, from_nodes: tuple[str, ...] = (), to_nodes: tuple[str, ...] = ()
) -> RunLayout | None:
    """Find an earlier run whose compiled pipeline is what compiling would give.

    Args:
        config: What the run is told.
        from_nodes: Nodes to start from; empty for all.
        to_nodes: Nodes to end with; empty for all.

    Returns:
        One of the newest runs; None if none of them will do, or a part of a pipeline is asked for.
    """
    if from_nodes or to_nodes:
        return None
    origin = hash_origin(config)
    for run in _list_newest(config.layout):
        try:
            description = read_description(run.description_path)
            if description.origin_hash == origin:
                content = run.ir_path.read_bytes()
                if hashlib.sha256(content).hexdigest() == description.content_hash:
                    return run
        except (OSError, ValueError):
            # Not compiled, not whole or from another version: it will not do.
            continue
    return None


def take_over(earlier: RunLayout, run: RunLayout) -> None:
    """Give a run the compiled pipeline of an earlier one.

    Args:
        earlier: What ``find_compiled`` found.
        run: The run.

    Raises:
        OSError: If it can't be read or written.
    """
    description = read_description(earlier.description_path)
    now = datetime.datetime.now(datetime.timezone.utc)
    write_whole(run.ir_path, earlier.ir_path.read_bytes())
    write_description(description.model_copy(update={"compiled_at": now}), run.description_path)


def _list_newest(layout: OutputLayout) -> list[RunLayout]:
    paths = layout.runs_directory.glob("*/description.json")
    newest = sorted(paths, key=lambda path: path.stat().st_mtime, reverse=True)[:_NEWEST_RUNS]
    return [RunLayout(path.parent) for path in newest]
