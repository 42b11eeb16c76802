"""The Transform of the pipeline: TFX's component with our executor."""

from __future__ import annotations

from tfx.components.transform import component
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec

from components.transform.executor import Executor


class Transform(component.Transform):
    """TFX's Transform over row groups of Parquet: the same inputs, outputs and properties."""

    EXECUTOR_SPEC = BeamExecutorSpec(Executor)
