"""The configuration: frozen typed models, read from one YAML file per environment.

This module is plain Python: it imports neither TensorFlow, nor TFX, nor Beam.
"""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated

import pydantic

from components.data_gate.severity import DataGateSettings
from components.evaluator.settings import EvaluatorSettings
from components.frozen_model import FrozenModel
from components.model_validator.gates import Gates
from components.model_validator.settings import ModelValidatorSettings
from components.trainer.settings import TrainerSettings
from pipelines.config.layout import OutputLayout
from pipelines.config.store_address import parse_store_url
from pipelines.records.about import About
from pipelines.records.errors import ConfigError
from schemas.feature_table import list_tasks
from schemas.sample_data import Period

_RUNNERS = {
    # Beam's own DirectRunner first looks for Prism, a Go program that it would download.
    "DirectRunner": "apache_beam.runners.portability.fn_api_runner.fn_runner.FnApiRunner",
}
_NAME_PATTERN = r"^[a-z][a-z0-9_]{0,62}$"


class DataConfig(FrozenModel, strict=True):
    """Where the rows come from and how they are split.

    Attributes:
        directory: Folder of CSV files, all of them one data set.
        spans_directory: Folder of dated folders (``YYYY-MM-DD``), for ``--span``.
        span_period: What a span covers: ``day``, ``week`` (from Monday), ``month`` or ``quarter``,
            in UTC; a scheduled run reads the span that its logical date is in.
        splits: Hash buckets per split; a row's hash decides its split, on every machine alike.
    """

    directory: Path
    spans_directory: Path | None = None
    span_period: Period = "quarter"
    splits: dict[str, pydantic.PositiveInt] = pydantic.Field(
        default={"train": 6, "validation": 1, "test": 3}
    )

    @pydantic.field_validator("splits")
    @classmethod
    def _have_the_three_splits(cls, splits: dict[str, int]) -> dict[str, int]:
        if set(splits) != {"train", "validation", "test"}:
            raise ValueError("the splits train, validation and test, each with its hash buckets")
        return splits


class BeamConfig(FrozenModel, strict=True):
    """The Beam runner of CsvExampleGen, StatisticsGen, Transform and Evaluator.

    Attributes:
        runner: Beam runner by name or class path. ``DirectRunner`` is the one in this process.
        options: Further Beam pipeline options, each ``--key=value``.
    """

    runner: str = pydantic.Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.]*$")
    options: tuple[Annotated[str, pydantic.Field(pattern=r"^--[a-z]")], ...] = pydantic.Field(
        default=(), strict=False
    )

    @property
    def arguments(self) -> list[str]:
        """The options as Beam's command line takes them."""
        return [f"--runner={_RUNNERS.get(self.runner, self.runner)}", *self.options]


class PipelineConfig(FrozenModel, strict=True):
    """Everything that one run of one pipeline is configured with.

    Attributes:
        name: Name of the pipeline in the metadata store.
        task: Folder under ``schemas/`` that describes the data.
        output_root: Folder of everything that runs write.
        metadata_store: ``postgresql://USER@HOST[:PORT]/DATABASE``, with the password in
            ``PGPASSWORD`` or ``PGPASSFILE``; None for a SQLite file in the output root.
        span: First day of the span to read from ``data.spans_directory``; None for the whole data.
        training_spans: Spans to train on, with ``--span``: it and the accepted ones before it. What
            is measured, and compared with the span before, is always the span alone.
        cache: Whether a node whose inputs, settings and code are unchanged is not run again.
        parallel_nodes: Maximum number of nodes that run side by side.
        data_gate: What stops data from being trained on.
        model_validator: How surely changes are judged, and how models are replayed.
        gates: What a model must meet to be pushed.
    """

    name: str = pydantic.Field(pattern=_NAME_PATTERN)
    task: str
    output_root: Path
    metadata_store: str | None = None
    data: DataConfig
    span: datetime.date | None = pydantic.Field(default=None, strict=False)
    training_spans: int = pydantic.Field(default=4, ge=1, le=1000)
    beam: BeamConfig
    cache: bool = True
    parallel_nodes: int = pydantic.Field(default=2, ge=1, le=64)
    data_gate: DataGateSettings = DataGateSettings()
    trainer: TrainerSettings = TrainerSettings()
    evaluator: EvaluatorSettings = EvaluatorSettings()
    model_validator: ModelValidatorSettings = ModelValidatorSettings()
    gates: Gates
    about: About = About()

    @pydantic.field_validator("task")
    @classmethod
    def _know_the_task(cls, task: str) -> str:
        if task not in list_tasks():
            raise ValueError(f"a folder under schemas/ with a feature table: {list_tasks()}")
        return task

    @pydantic.field_validator("metadata_store")
    @classmethod
    def _read_as_url(cls, metadata_store: str | None) -> str | None:
        if metadata_store is not None:
            parse_store_url(metadata_store)
        return metadata_store

    @property
    def layout(self) -> OutputLayout:
        """Where its runs keep what they write."""
        url = self.metadata_store
        return OutputLayout(self.output_root, None if url is None else parse_store_url(url))

    @property
    def spans_directory(self) -> Path:
        """Folder of the dated folders.

        Raises:
            ConfigError: If the configuration names none.
        """
        if self.data.spans_directory is None:
            raise ConfigError("data.spans_directory: missing; --span needs a folder of spans")
        return self.data.spans_directory

    @property
    def input_directory(self) -> Path:
        """Folder of the CSV files that this run reads.

        Raises:
            ConfigError: If a span is asked for and the configuration names no folder of spans.
        """
        if self.span is None:
            return self.data.directory
        return self.spans_directory / self.span.isoformat()
