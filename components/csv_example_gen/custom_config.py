"""Pass our settings through the ``custom_config`` of TFX's file-based ExampleGen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf import struct_pb2
from tfx.proto import example_gen_pb2
from tfx.types import standard_component_specs
from tfx.utils import proto_utils

_TASK_KEY = "task"


def pack_custom_config(task: str) -> example_gen_pb2.CustomConfig:
    """Pack the settings as the component's ``custom_config``.

    Args:
        task: Folder under ``schemas/`` whose feature table types the columns.
    """
    settings = struct_pb2.Struct()
    settings.update({_TASK_KEY: task})
    config = example_gen_pb2.CustomConfig()
    config.custom_config.Pack(settings)
    return config


def read_task(exec_properties: Mapping[str, Any]) -> str:
    """Read the task back from what the executor gets.

    Args:
        exec_properties: ``custom_config`` as ``pack_custom_config`` made it, in JSON.
    """
    config = proto_utils.json_to_proto(
        exec_properties[standard_component_specs.CUSTOM_CONFIG_KEY], example_gen_pb2.CustomConfig()
    )
    settings = struct_pb2.Struct()
    config.custom_config.Unpack(settings)
    return str(settings[_TASK_KEY])
