"""A compiled pipeline's files: the IR as JSON, and beside it the description."""

from __future__ import annotations

import functools
from pathlib import Path

from google.protobuf import json_format
from tfx.proto.orchestration import pipeline_pb2

from components.atomic_write import atomic_write
from components.record_file import write_record
from pipelines.records.description import PipelineDescription


def dump_ir(ir: pipeline_pb2.Pipeline) -> str:
    """Write an IR as JSON, the same text for the same pipeline.

    Its serialized form would not do: messages packed in it hold maps, in any order.
    """
    return json_format.MessageToJson(ir, sort_keys=True)


def write_compiled(
    ir: pipeline_pb2.Pipeline,
    description: PipelineDescription,
    ir_path: Path,
    description_path: Path,
) -> None:
    """Write the IR and the description as JSON."""
    atomic_write(ir_path, dump_ir(ir).encode())
    # Last: a run that has a description is one that others list.
    write_record(description, description_path)


def read_ir(ir_path: Path) -> pipeline_pb2.Pipeline:
    """Read a copy of an IR that ``write_compiled`` wrote; the last ones read are cached.

    Raises:
        OSError: If the file can't be read.
        json_format.ParseError: If it holds no IR.
    """
    ir = pipeline_pb2.Pipeline()
    ir.CopyFrom(_parse_ir(ir_path.read_bytes()))
    return ir


@functools.lru_cache(maxsize=4)
def _parse_ir(text: bytes) -> pipeline_pb2.Pipeline:
    return json_format.Parse(text, pipeline_pb2.Pipeline())
