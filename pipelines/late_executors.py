"""Import a node's executor when it is going to execute, not when the node is looked up.

TFX's own operators import it as soon as they are made, for a cached node too.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ClassVar

from google.protobuf import message
from tfx.orchestration.portable import data_types
from tfx.orchestration.portable.base_executor_operator import BaseExecutorOperator
from tfx.orchestration.portable.beam_executor_operator import BeamExecutorOperator
from tfx.orchestration.portable.python_executor_operator import PythonExecutorOperator
from tfx.proto.orchestration import executable_spec_pb2, execution_result_pb2

from pipelines.deferred_imports import paused_collection

_OPERATORS: dict[type[message.Message], type[BaseExecutorOperator]] = {
    executable_spec_pb2.PythonClassExecutableSpec: PythonExecutorOperator,
    executable_spec_pb2.BeamExecutableSpec: BeamExecutorOperator,
}


class LateExecutorOperator(BaseExecutorOperator):
    """Stands for TFX's own operator until the executor is run."""

    SUPPORTED_EXECUTOR_SPEC_TYPE: ClassVar = list(_OPERATORS)
    SUPPORTED_PLATFORM_CONFIG_TYPE: ClassVar[list[type[message.Message]]] = []

    def __init__(
        self,
        prepare: Callable[[], None],
        executor_spec: message.Message,
        platform_config: message.Message | None = None,
    ) -> None:
        """Keep what the executor is.

        Args:
            prepare: Called before an executor is imported.
            executor_spec: What TFX tells of the executor.
            platform_config: What TFX tells of the platform, if anything.
        """
        super().__init__(executor_spec, platform_config)
        self._prepare = prepare

    def run_executor(
        self, execution_info: data_types.ExecutionInfo
    ) -> execution_result_pb2.ExecutorOutput:
        """Import the executor and run it, as TFX's own operator does."""
        self._prepare()
        with paused_collection():
            operator = _OPERATORS[type(self._executor_spec)](
                self._executor_spec, self._platform_config
            )
        operator.with_execution_watcher(self._execution_watcher_address)
        return operator.run_executor(execution_info)


def create_late_operators(prepare: Callable[[], None]) -> dict[type[message.Message], Any]:
    """Make what TFX's launcher takes as ``custom_executor_operators``.

    Args:
        prepare: Called before an executor is imported.

    Returns:
        How to make an operator, by the kind of executor.
    """
    return dict.fromkeys(_OPERATORS, functools.partial(LateExecutorOperator, prepare))
