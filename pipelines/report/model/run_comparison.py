"""The differences between two runs."""

from __future__ import annotations

from components.frozen_model import FrozenModel
from components.model_validator.gate_result import GateResult
from components.statistics_gen.distances import Distance
from pipelines.report.model.run_report import RunReport


class MetricChange(FrozenModel):
    """A metric on all rows in both runs; None where a run does not have it."""

    name: str
    before: float | None
    after: float | None

    @property
    def change(self) -> float | None:
        """The second run's minus the first's; None where one is missing."""
        if self.before is None or self.after is None:
            return None
        return self.after - self.before


class GateChange(FrozenModel):
    """A gate's limit on one slice in both runs; None where a run did not judge it."""

    name: str
    rule: str
    slice: str
    before: GateResult | None
    after: GateResult | None

    @property
    def differs(self) -> bool:
        """Whether the outcome or the limit differs."""
        if self.before is None or self.after is None:
            return True
        return (self.before.outcome, self.before.limit) != (self.after.outcome, self.after.limit)


class ParameterChange(FrozenModel):
    """A node's parameter that differs (``settings.seed``), as text; None where a run lacks it."""

    node: str
    name: str
    before: str | None
    after: str | None


class ColumnChange(FrozenModel):
    """A column's training split in both runs.

    Attributes:
        distance: From the first run's to the second's; None where they can't be compared.
        limit: The schema's drift limit; None where it has none for the column.
        missing_before: Share of the first run's rows without a value, 0 to 1; None where the
            column is not there; likewise ``missing_after``.
    """

    feature: str
    distance: Distance | None
    limit: float | None
    missing_before: float | None
    missing_after: float | None


class NodeChange(FrozenModel):
    """A node in both runs; None where a run has no such node."""

    node: str
    state_before: str | None
    state_after: str | None
    seconds_before: float | None
    seconds_after: float | None


class RunComparison(FrozenModel):
    """Two runs side by side.

    Attributes:
        before: The first run, the older as a rule.
        metrics: Every metric that either has; ``gates``, ``columns`` and ``nodes`` likewise.
        gates: Those that differ first.
        columns: The furthest apart first.
    """

    before: RunReport
    after: RunReport
    metrics: tuple[MetricChange, ...]
    gates: tuple[GateChange, ...]
    parameters: tuple[ParameterChange, ...]
    columns: tuple[ColumnChange, ...]
    nodes: tuple[NodeChange, ...]
