"""The part of a compiled pipeline's file that can be read without TFX."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path


@dataclasses.dataclass(frozen=True)
class CompiledFile:
    """A compiled pipeline, with the ids of its nodes in order."""

    output_root: Path
    node_ids: tuple[str, ...]


def read_compiled_file(ir_path: Path) -> CompiledFile:
    """Read a compiled pipeline from its IR as JSON.

    Raises:
        OSError: If the file can't be read.
        ValueError: If it is no compiled pipeline.
    """
    try:
        ir = json.loads(ir_path.read_text(encoding="utf-8"))
        parameter = ir["runtimeSpec"]["pipelineRoot"]["runtimeParameter"]
        pipeline_root = Path(parameter["defaultValue"]["stringValue"])
        node_ids = tuple(node["pipelineNode"]["nodeInfo"]["id"] for node in ir["nodes"])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{ir_path}: expected a pipeline that `compile` wrote") from error
    return CompiledFile(pipeline_root.parent, node_ids)
