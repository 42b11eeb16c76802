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
        """The second minus the first; None where one is missing."""
        if self.before is None or self.after is None:
            return None
        return self.after - self.before


class GateChange(FrozenModel):
    """A gate's limit on one slice in both runs.

    Attributes:
        rule: Which of its limits.
        before: The first run's result; None where it was not judged.
        after: The second run's.
    """

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
    """A node's parameter that differs, as text; None where a run does not have it.

    Attributes:
        name: The parameter, such as ``settings.seed``.
    """

    node: str
    name: str
    before: str | None
    after: str | None


class ColumnChange(FrozenModel):
    """A column's training split in both runs.

    Attributes:
        distance: How far the second run's is from the first's, with its bins; None where it can't
            be compared.
        limit: The schema's drift limit; None where it has none for the column.
        missing_before: Share of rows without a value in the first run, 0 to 1; None where the
            column is not there.
        missing_after: The same of the second.
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
        metrics: Every metric that either has.
        gates: Every limit that either judged, those that differ first.
        parameters: Parameters of nodes that differ.
        columns: Every column that either has, the furthest apart first.
        nodes: Every node that either has, in order.
    """

    before: RunReport
    after: RunReport
    metrics: tuple[MetricChange, ...]
    gates: tuple[GateChange, ...]
    parameters: tuple[ParameterChange, ...]
    columns: tuple[ColumnChange, ...]
    nodes: tuple[NodeChange, ...]
