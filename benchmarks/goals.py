"""The goals of the pipeline's speed, and the results for each."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Callable, Iterable, Sequence

from benchmarks import subjects
from benchmarks.results import NO_ROWS, Measurement, Results
from benchmarks.subjects import OURS, OURS_CACHED, OURS_CACHED_WARM

STOCK_AT_ITS_BEST = (subjects.STOCK, subjects.STOCK_IN_MEMORY)
"""TFX's own pipeline, in whichever of Beam's modes is faster in the same repeat."""

_START_LIMIT_SECONDS = 1.0

Cost = Callable[[Measurement], float | None]


@dataclasses.dataclass(frozen=True)
class Spread:
    """Several values of one measure."""

    median: float
    low: float
    high: float
    count: int


@dataclasses.dataclass(frozen=True)
class Goal:
    """A limit, and the values measured.

    Attributes:
        what: What is measured, in words.
        unit: ``×`` for a ratio, ``s`` for seconds.
        values: One per repeat; none where it was not measured.
        condition: What else must hold, in words; empty for nothing.
        holds: Whether the condition holds.
    """

    what: str
    limit: float
    unit: str
    values: Sequence[float]
    condition: str = ""
    holds: bool = True

    @property
    def spread(self) -> Spread | None:
        """The values' median and range; None where there are none."""
        return measure_spread(self.values)

    @property
    def is_met(self) -> bool | None:
        """Whether the median is within the limit; None where nothing was measured."""
        if self.spread is None:
            return None
        return self.spread.median <= self.limit and self.holds


def measure_spread(values: Iterable[float | None]) -> Spread | None:
    """Find the median and the range of the values that are known; None where there are none."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    return Spread(statistics.median(known), min(known), max(known), len(known))


def measure_wall(measurement: Measurement) -> float:
    """Get the wall time, in seconds."""
    return measurement.seconds


def measure_memory(measurement: Measurement) -> float:
    """Get the peak memory of all processes, in bytes."""
    return measurement.peak_total_bytes


def measure_step(*names: str) -> Cost:
    """Make a function that sums up what nodes or steps took; None where one is unknown."""

    def cost(measurement: Measurement) -> float | None:
        found = [measurement.steps[name] for name in names if name in measurement.steps]
        return sum(found) if len(found) == len(names) else None

    return cost


def compare(
    results: Results,
    subject: str,
    references: Sequence[str],
    rows: int,
    cost: Cost = measure_wall,
) -> list[float]:
    """Divide a subject's cost by the least of the references', measured in the same repeat.

    Returns:
        A ratio for each repeat in which the subject and a reference were measured.
    """
    others = [results.find(name, rows) for name in references]
    ratios = []
    for repeat, measurement in results.find(subject, rows).items():
        costs = (cost(found[repeat]) for found in others if repeat in found)
        known = list(filter(None, costs))
        own = cost(measurement)
        if own is not None and known:
            ratios.append(own / min(known))
    return ratios


def compare_sizes(
    results: Results, subject: str, rows: int, fewer_rows: int, cost: Cost
) -> list[float]:
    """Divide a subject's cost at one size by its cost at a smaller one, in the same repeat."""
    smaller = results.find(subject, fewer_rows)
    pairs = [
        (cost(larger), cost(smaller[repeat]))
        for repeat, larger in results.find(subject, rows).items()
        if repeat in smaller
    ]
    return [many / few for many, few in pairs if many is not None and few]


def list_goals(results: Results) -> list[Goal]:
    """List every goal, measured or not, with its results."""
    small, large, largest = 15_000, 1_500_000, 15_000_000

    def against_stock(rows: int, cost: Cost = measure_wall) -> list[float]:
        return compare(results, OURS, STOCK_AT_ITS_BEST, rows, cost)

    def node_against_stock(node: str, limit: float) -> Goal:
        name = f"{node}, 1.5 M rows, against stock's"
        return Goal(name, limit, "×", against_stock(large, measure_step(node)))

    def growth(cost: Cost) -> list[float]:
        return compare_sizes(results, OURS, largest, large, cost)

    def start(subject: str, what: str) -> Goal:
        found = results.list_found(subject, NO_ROWS)
        free = not any(each.imports_tensorflow for each in found)
        seconds = [each.seconds for each in found]
        return Goal(what, _START_LIMIT_SECONDS, "s", seconds, "no TensorFlow import", free)

    def cached(subject: str) -> list[float]:
        return compare(results, subject, [subjects.STOCK_CACHED], small)

    by_script = compare(results, OURS, [subjects.SCRIPT], large)
    return [
        Goal("whole cold run, 15 k rows, against stock", 0.35, "×", against_stock(small)),
        Goal("whole cold run, 1.5 M rows, against stock", 0.10, "×", against_stock(large)),
        Goal("whole cold run, 1.5 M rows, against the script", 2, "×", by_script),
        node_against_stock("CsvExampleGen", 0.03),
        *(node_against_stock(node, 0.25) for node in ("StatisticsGen", "Transform", "Evaluator")),
        Goal("fully cached rerun, 15 k rows, against stock's", 0.4, "×", cached(OURS_CACHED)),
        Goal("the same, the last run's worker still warm", 0.2, "×", cached(OURS_CACHED_WARM)),
        Goal("time of 15 M rows over 1.5 M rows", 10.5, "×", growth(measure_wall)),
        Goal("peak memory of 15 M rows over 1.5 M rows", 1.3, "×", growth(measure_memory)),
        start(subjects.HELP, "`python -m pipelines --help`"),
        start(subjects.CONFIG_ERROR, "a configuration error"),
        start(subjects.DAG_PARSE, "a DAG parse, beyond importing Airflow"),
    ]
