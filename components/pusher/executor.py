"""Plug the version store into TFX's Pusher."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tfx.components.pusher import executor
from tfx.proto import pusher_pb2
from tfx.types import Artifact, artifact_utils
from tfx.types.standard_component_specs import (
    MODEL_BLESSING_KEY,
    MODEL_KEY,
    PUSH_DESTINATION_KEY,
    PUSHED_MODEL_KEY,
)
from tfx.utils import io_utils, proto_utils

from components.pusher.pushed_model import MODEL_ID_PROPERTY, NEWLY_PUSHED_PROPERTY
from components.pusher.version_store import push_version


class Executor(executor.Executor):
    """Push as TFX's Pusher does, but whole or not at all, and never without a blessing.

    It reads and writes the same artifacts and custom properties (``pushed``,
    ``pushed_destination``, ``pushed_version``), and marks a model pushed only once it is there.
    """

    def Do(  # noqa: N802  # the name is TFX's
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Push the model if it is blessed, and mark it pushed or not pushed.

        Args:
            input_dict: ``model`` and ``model_blessing``, one artifact each.
            output_dict: ``pushed_model``, one artifact; if pushed, it gets a copy of the model.
            exec_properties: ``push_destination`` as JSON, with a local ``filesystem``.

        Raises:
            ValueError: If there is no blessing, no SavedModel, or no local destination.
            OSError: If copying fails; nothing is marked pushed then.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        pushed_model = artifact_utils.get_single_instance(output_dict[PUSHED_MODEL_KEY])
        if not input_dict.get(MODEL_BLESSING_KEY):
            raise ValueError("Pusher got no model_blessing; it does not push a model unjudged")
        if not self.CheckBlessing(input_dict):
            self._MarkNotPushed(pushed_model)
            return
        model_path = self.GetModelPath(input_dict)
        pushed = push_version(Path(model_path), _read_serving_root(exec_properties))
        io_utils.copy_dir(model_path, pushed_model.uri)
        self._MarkPushed(
            pushed_model, pushed_destination=pushed.path, pushed_version=str(pushed.version)
        )
        pushed_model.set_int_custom_property(NEWLY_PUSHED_PROPERTY, int(pushed.is_new))
        [model] = input_dict[MODEL_KEY]
        pushed_model.set_int_custom_property(MODEL_ID_PROPERTY, model.id)


def _read_serving_root(exec_properties: dict[str, Any]) -> Path:
    destination = pusher_pb2.PushDestination()
    proto_utils.json_to_proto(exec_properties[PUSH_DESTINATION_KEY], destination)
    directory = destination.filesystem.base_directory
    if not directory or "://" in directory:
        raise ValueError(
            f"push_destination: got {directory!r}, expected filesystem.base_directory with the "
            "path of a local or mounted folder"
        )
    return Path(directory)
