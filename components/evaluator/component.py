"""The Evaluator of the pipeline: TFX's component with our executor."""

from __future__ import annotations

from tfx.components.evaluator import component
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec

from components.evaluator.executor import Executor


class Evaluator(component.Evaluator):
    """TFX's Evaluator, by row groups, outliving a champion that no longer fits today's rows."""

    EXECUTOR_SPEC = BeamExecutorSpec(Executor)
