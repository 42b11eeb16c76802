"""The types of a feature table: everything that the pipeline knows about a CSV's columns.

A task (see ``schemas/chicago_taxi``) builds one frozen ``FeatureTable``. CsvExampleGen reads the
columns' types from it, Transform their transformations, Trainer the model's inputs, Evaluator the
label and the slices. No other module repeats a column name. Importing this one costs nothing.
"""

from __future__ import annotations

import collections
import dataclasses
import enum
import importlib
from collections.abc import Iterable
from pathlib import Path

MISSING_CATEGORY = "(missing)"
"""Stands for a missing value among categories and groups."""


class DType(enum.Enum):
    """How a column's values are stored in a ``tf.Example``."""

    FLOAT = "float"
    INT = "int"
    BYTES = "bytes"


class Role(enum.Enum):
    """What a column is for."""

    INPUT = "input"
    """Feeds the model, at training and at serving."""
    LABEL_SOURCE = "label source"
    """The label is computed from it, so it would leak the answer: never at serving."""
    CONTEXT = "context"
    """Kept in the examples for slices, spans and lineage; the model does not see it."""


@dataclasses.dataclass(frozen=True)
class Numeric:
    """Scale a number to mean 0 and variance 1, and cut it into quantile buckets.

    Attributes:
        buckets: Number of quantile buckets, computed on the training split; 0 for none.
        log: Whether to scale ``log(1 + x)`` (for amounts with a long right tail; x >= 0).
    """

    buckets: int = 0
    log: bool = False


@dataclasses.dataclass(frozen=True)
class Vocabulary:
    """Index a category by its frequency in the training split.

    A missing value is a category of its own; an unseen one goes to the out-of-vocabulary bucket.

    Attributes:
        max_size: Maximum number of categories kept, the most frequent ones.
        min_count: Training rows that a category needs to be kept.
    """

    max_size: int
    min_count: int = 1


@dataclasses.dataclass(frozen=True)
class IntegerRange:
    """Use an integer from ``low`` to ``high`` as its index; any other or none gets the last."""

    low: int
    high: int

    @property
    def index_count(self) -> int:
        """Number of indices: one per value, and one for missing or outside values."""
        return self.high - self.low + 2


@dataclasses.dataclass(frozen=True)
class Steps:
    """Cut an amount into steps of whole units: which step it is on, and how far into it.

    Amounts are rounded to ``unit`` and cut as integers, so that 5.00 is on step 1, not just below.

    Attributes:
        unit: Smallest unit, in the column's unit (0.01 for cents of a dollar).
        units_per_step: Height of a step, in smallest units.
        last_step: Last step; it has no upper end.
    """

    unit: float
    units_per_step: int
    last_step: int

    @property
    def index_count(self) -> int:
        """Number of indices: one per step from 0 to the last, and one for missing values."""
        return self.last_step + 2


Transformation = Numeric | Vocabulary | IntegerRange | Steps


@dataclasses.dataclass(frozen=True)
class Feature:
    """One column of the CSV.

    Attributes:
        unit: Unit of its values; empty for a category or a count.
        meaning: What it holds, in one sentence.
        transformations: Each gives one or more inputs of the model.
        default: Stands for a missing value in the raw-feature serving signature.
    """

    name: str
    dtype: DType
    unit: str
    meaning: str
    role: Role
    transformations: tuple[Transformation, ...] = ()
    default: float | int | str | None = None

    def __post_init__(self) -> None:
        """Refuse an input without transformations, or another column with one."""
        if (self.role is Role.INPUT) != bool(self.transformations):
            raise ValueError(
                f"feature {self.name!r}: an input needs a transformation and nothing else may have "
                f"one; role is {self.role.value!r}, transformations are {self.transformations}"
            )

    @property
    def missing_value(self) -> float | int | str:
        """What a dense serving tensor holds where the value is missing."""
        if self.default is not None:
            return self.default
        if self.dtype is DType.BYTES:
            return ""
        return float("nan") if self.dtype is DType.FLOAT else -1


@dataclasses.dataclass(frozen=True)
class ShareLabel:
    """Label 1 where one amount is more than a share of another, compared in whole units.

    Amounts are rounded to ``unit`` and compared as integers, so the answer does not hang on how
    a fraction is stored: 1.61 is not more than 20 % of 8.05, in 32 bits as in 64.

    Attributes:
        name: Name of the label after Transform.
        part: Column of the amount compared.
        whole: Column of the amount that it is a share of.
        unit: Smallest unit of both amounts (0.01 for cents of a dollar).
    """

    name: str
    part: str
    whole: str
    share_percent: int
    unit: float

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that it is made of."""
        return self.part, self.whole


@dataclasses.dataclass(frozen=True)
class ColumnLabel:
    """Label taken as it stands from a column of 0 and 1; ``name`` is its name after Transform."""

    name: str
    column: str

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that it is made of."""
        return (self.column,)


Label = ShareLabel | ColumnLabel


@dataclasses.dataclass(frozen=True)
class Group:
    """People or things that a model must treat as it treats others.

    Attributes:
        values: Values of the column that belong to it.
        pattern: Regular expression (RE2 syntax) of the texts that belong to it, matched in full.
    """

    name: str
    values: tuple[int | str, ...] = ()
    pattern: str = ""


@dataclasses.dataclass(frozen=True)
class FairnessAttribute:
    """A column's values in groups, to compare the model's errors between them.

    Attributes:
        name: Name of the attribute; slices and gates refer to it as to a column.
        groups: The groups; a value belongs to the first that holds it.
        others: Group of values that no group holds.
        missing: Group of rows without a value.
    """

    name: str
    column: str
    groups: tuple[Group, ...]
    others: str = "(other)"
    missing: str = MISSING_CATEGORY

    def __post_init__(self) -> None:
        """Refuse groups of the same name, or with the same value."""
        where = f"fairness attribute {self.name!r}"
        names = [group.name for group in self.groups]
        _refuse_duplicates(f"{where}: duplicate groups", [*names, self.others, self.missing])
        values = [value for group in self.groups for value in group.values]
        _refuse_duplicates(f"{where}: duplicate values", values)


@dataclasses.dataclass(frozen=True)
class FeatureTable:
    """Everything known about a task's columns, in the header's order.

    Attributes:
        task: Name of the task's folder under ``schemas/``.
        slice_columns: Columns whose values cut the evaluation into slices, beside the overall one.
        span_column: Column of Unix seconds that says which span a row belongs to, if any.
        fairness_attributes: Groups that the evaluation compares, each cut into slices too.
    """

    task: str
    features: tuple[Feature, ...]
    label: Label
    slice_columns: tuple[str, ...] = ()
    span_column: str | None = None
    fairness_attributes: tuple[FairnessAttribute, ...] = ()

    def __post_init__(self) -> None:
        """Refuse duplicate names, and references to unknown columns."""
        names, label = self.names, self.label
        attributes = [attribute.name for attribute in self.fairness_attributes]
        where = f"feature table of {self.task!r}"
        _refuse_duplicates(f"{where}: duplicate names", names)
        _refuse_duplicates(f"{where}: duplicate names", [*attributes, *{*names, label.name}])
        used = {*label.columns, *self.slice_columns, *filter(None, [self.span_column])}
        used |= {attribute.column for attribute in self.fairness_attributes}
        unknown = sorted(used - set(names))
        if unknown:
            raise ValueError(f"{where}: unknown columns {unknown}")

    @property
    def names(self) -> tuple[str, ...]:
        """Every column's name, in order."""
        return tuple(feature.name for feature in self.features)

    @property
    def inputs(self) -> tuple[Feature, ...]:
        """Columns that feed the model; a serving request carries these."""
        return tuple(feature for feature in self.features if feature.role is Role.INPUT)

    def feature(self, name: str) -> Feature:
        """Look a column up; raises ``KeyError`` if there is none of that name."""
        for feature in self.features:
            if feature.name == name:
                return feature
        raise KeyError(f"feature table of {self.task!r} has no column {name!r}")


def _refuse_duplicates(message: str, names: Iterable[int | str]) -> None:
    if duplicates := [name for name, count in collections.Counter(names).items() if count > 1]:
        raise ValueError(f"{message} {duplicates}")


def load_feature_table(task: str) -> FeatureTable:
    """Load a task's table, ``FEATURES`` in ``schemas/<task>/features.py``.

    Raises:
        ValueError: If there is no such task.
        TypeError: If ``FEATURES`` is no feature table.
    """
    known = list_tasks()
    if task not in known:
        raise ValueError(f"unknown task {task!r}; schemas/ has {', '.join(known)}")
    table = importlib.import_module(f"schemas.{task}.features").FEATURES
    if not isinstance(table, FeatureTable):
        raise TypeError(f"schemas/{task}/features.py: FEATURES must be a FeatureTable")
    return table


def list_tasks() -> list[str]:
    """List the tasks: the folders of ``schemas/`` that hold a ``features.py``."""
    return sorted(path.parent.name for path in Path(__file__).parent.glob("*/features.py"))


def get_schema_path(task: str) -> Path:
    """Give the path of a task's curated ``schema.pbtxt``."""
    return Path(__file__).parent / task / "schema.pbtxt"
