"""What a person may ask of one run: typed, bounded, and checked again where it is used.

Airflow checks a parameter against its schema when a run is triggered. The command line checks it
again, by the typed configuration, when the run is compiled. This module stands between: it turns
parameters and date into one choice of input, and keeps folders below the allowed roots.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pydantic

from components.frozen_model import FrozenModel
from components.spans import find_period_start
from pipelines.config.yaml_file import describe_validation_error
from schemas.sample_data import Period

# Python's $ would let a line break at the end pass.
_DATA_PATTERN = re.compile(r"^[A-Za-z0-9_][A-Za-z0-9_./-]*$(?!\n)")


class ParameterError(Exception):
    """A parameter can't be used; one line names it, its value and the remedy."""


class RunParameters(FrozenModel, strict=True):
    """What one run is asked to do; with the texts that Airflow shows, and the schemas it checks."""

    span: datetime.date | None = pydantic.Field(
        default=None,
        strict=False,
        title="Span",
        description="First day of the span to run for, such as 2015-04-01. Empty: the span that "
        "the run's logical date is in.",
        json_schema_extra={
            "type": ["null", "string"],
            "format": "date",
            "minLength": 10,
            "maxLength": 10,
        },
    )
    data: str | None = pydantic.Field(
        default=None,
        title="Data folder",
        description="A folder of CSV files, from the data root, to read instead of a span: "
        "chicago_taxi/full.",
        json_schema_extra={
            "type": ["null", "string"],
            "pattern": _DATA_PATTERN.pattern,
            "maxLength": 200,
        },
    )
    max_epochs: int | None = pydantic.Field(
        default=None,
        ge=1,
        le=1000,
        title="Max epochs",
        description="Maximum passes over the training split. Empty: as configured.",
        json_schema_extra={"type": ["null", "integer"], "minimum": 1, "maximum": 1000},
    )
    learning_rate: float | None = pydantic.Field(
        default=None,
        gt=0,
        le=1,
        title="Learning rate",
        description="Of the first epochs. Empty: as configured.",
        json_schema_extra={"type": ["null", "number"], "exclusiveMinimum": 0, "maximum": 1},
    )
    refresh: bool = pydantic.Field(
        default=False,
        title="Refresh",
        description="Run every node, even where nothing that it depends on has changed.",
        json_schema_extra={"type": "boolean"},
    )


def describe_parameters() -> dict[str, dict[str, Any]]:
    """Describe the parameters for Airflow: arguments of its ``Param``, by name."""
    return {
        name: {
            "default": field.default,
            "title": field.title,
            "description": field.description,
            **cast("dict[str, Any]", field.json_schema_extra),
        }
        for name, field in RunParameters.model_fields.items()
    }


def read_parameters(values: Mapping[str, Any]) -> RunParameters:
    """Check a run's parameters.

    Raises:
        ParameterError: If one is unknown, or of another type, or out of its limits.
    """
    try:
        return RunParameters.model_validate(dict(values))
    except pydantic.ValidationError as error:
        raise ParameterError(
            f"parameter {describe_validation_error(error, RunParameters)}"
        ) from error


def choose_span(
    parameters: RunParameters, logical_date: datetime.datetime | None, period: Period = "quarter"
) -> datetime.date | None:
    """Choose the span of a run: the one asked for, or the one that its logical date is in.

    Returns:
        First day of the span; None where the run reads a folder instead.

    Raises:
        ParameterError: If the run names both a span and a folder, or neither and has no date.
    """
    if parameters.data is not None:
        if parameters.span is not None:
            raise ParameterError(
                f"parameters span and data: got {parameters.span} and {parameters.data!r}, "
                "expected one of them"
            )
        return None
    if parameters.span is not None:
        return parameters.span
    if logical_date is None:
        raise ParameterError(
            "parameter span: got nothing, and the run has no logical date to take it from; "
            "trigger it with a span or with a logical date"
        )
    return find_period_start(logical_date, period)


def find_data_folder(name: str, roots: Sequence[Path]) -> Path:
    """Find the folder that a run reads, in the first root that has it; links are followed.

    Raises:
        ParameterError: If the name has other characters than a plain path's, leaves the root, or
            is no folder.
    """
    if not _DATA_PATTERN.fullmatch(name):
        raise ParameterError(
            f"parameter data: got {name!r}, expected letters, digits and _ . / - alone"
        )
    for root in roots:
        folder = (root / name).resolve()
        if folder.is_dir() and folder.is_relative_to(root.resolve()):
            return folder
    allowed = " or ".join(map(str, roots))
    raise ParameterError(f"parameter data: got {name!r}, expected a folder below {allowed}")
