"""The Pusher of the pipeline: TFX's component with our executor."""

from __future__ import annotations

from pathlib import Path

from tfx.components.pusher import component
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.proto import pusher_pb2
from tfx.types import BaseChannel

from components.pusher.executor import Executor


class Pusher(component.Pusher):
    """TFX's Pusher, pushing whole or not at all."""

    EXECUTOR_SPEC = ExecutorClassSpec(Executor)


def create_pusher(model: BaseChannel, model_blessing: BaseChannel, serving_root: Path) -> Pusher:
    """Create the node that pushes a blessed model into a folder of versions, local or mounted."""
    return Pusher(
        model=model,
        model_blessing=model_blessing,
        push_destination=pusher_pb2.PushDestination(
            filesystem=pusher_pb2.PushDestination.Filesystem(base_directory=str(serving_root))
        ),
    )
