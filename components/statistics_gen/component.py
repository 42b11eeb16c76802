"""The StatisticsGen of the pipeline: TFX's component with our executor."""

from __future__ import annotations

from tfx.components.statistics_gen import component
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec

from components.statistics_gen.executor import Executor


class StatisticsGen(component.StatisticsGen):
    """TFX's StatisticsGen, at a fraction of its stages."""

    EXECUTOR_SPEC = BeamExecutorSpec(Executor)
