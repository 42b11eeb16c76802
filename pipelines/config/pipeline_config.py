"""The configuration: frozen typed models, read from one YAML file an environment.

This module is plain Python: it imports neither TensorFlow, nor TFX, nor Beam.
"""

from __future__ import annotations

import datetime
import difflib
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import pydantic
import yaml

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

ENVIRONMENTS_DIRECTORY = Path(__file__).parent / "environments"

_RUNNERS = {
    # Beam's own DirectRunner first looks for Prism, a Go program that it would download.
    "DirectRunner": "apache_beam.runners.portability.fn_api_runner.fn_runner.FnApiRunner",
}
_EXTENDS_KEY = "extends"
# What may hold a password, which must not be repeated on a screen or in a log.
_SECRET_KEYS = ("metadata_store",)
_GATE_KINDS = ("value", "change", "fairness", "serving", "beats_trivial")
_NAME_PATTERN = r"^[a-z][a-z0-9_]{0,62}$"


class DataConfig(FrozenModel, strict=True):
    """Where the rows come from and how they are split.

    Attributes:
        directory: Folder of CSV files, all of them one data set.
        spans_directory: Folder of dated folders (``YYYY-MM-DD``), for ``--span``.
        span_period: What a span covers: ``day``, ``week`` (from Monday), ``month`` or ``quarter``,
            in UTC; a scheduled run reads the span that its logical date is in.
        splits: Hash buckets a split; a row's hash decides its split, on every machine alike.
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
    """All that one run of one pipeline is told.

    Attributes:
        name: Name of the pipeline in the metadata store.
        task: Folder under ``schemas/`` that says what the data is.
        output_root: Folder of everything that runs write.
        metadata_store: ``postgresql://USER@HOST[:PORT]/DATABASE``, with the password in
            ``PGPASSWORD`` or ``PGPASSFILE``; None for a SQLite file in the output root.
        span: First day of the span to read from ``data.spans_directory``; None for the whole data.
        training_spans: Spans to train on, with ``--span``: it and the accepted ones before it. What
            is measured, and compared with the span before, is always the span alone.
        cache: Whether a node whose inputs, settings and code are unchanged is not run again.
        parallel_nodes: Most nodes that run side by side.
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
            raise ConfigError("data.spans_directory: got nothing, expected a folder, for --span")
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


def load_config(source: str, overrides: Sequence[str] = ()) -> PipelineConfig:
    """Read and check a configuration.

    Relative paths in a file outside ``ENVIRONMENTS_DIRECTORY`` start at that file's folder; all
    others, and those in overrides, at the working folder.

    Args:
        source: Name of an environment in ``ENVIRONMENTS_DIRECTORY``, or path of a YAML file.
        overrides: ``key.subkey=value`` each; the value is read as YAML.

    Raises:
        ConfigError: If the file is missing, is not YAML, or a key or value does not fit.
    """
    values = _read_with_base(_find_file(source, Path.cwd()), ())
    for override in overrides:
        _apply_override(values, override)
    try:
        return PipelineConfig.model_validate(_resolve_paths(values, PipelineConfig, Path.cwd()))
    except pydantic.ValidationError as error:
        raise ConfigError(f"{source}: {_describe(error)}") from error


def list_environments() -> list[str]:
    """List the environments by name."""
    return sorted(path.stem for path in ENVIRONMENTS_DIRECTORY.glob("*.yaml"))


def _find_file(source: str, folder: Path) -> Path:
    named = ENVIRONMENTS_DIRECTORY / f"{source}.yaml"
    path = named if source in list_environments() else folder / Path(source).expanduser()
    if not path.is_file():
        raise ConfigError(
            f"--config: got {source!r}, expected a YAML file or one of "
            f"{', '.join(list_environments())}"
        )
    return path


def _read_with_base(path: Path, seen: tuple[Path, ...]) -> dict[str, Any]:
    """Read a file, laid over the environment that it extends."""
    file = path.resolve()
    if file in seen:
        raise ConfigError(f"{path}: {_EXTENDS_KEY}: the files extend each other in a circle")
    values = _read_yaml(path)
    base = values.pop(_EXTENDS_KEY, None)
    # What is still relative after the last file starts at the working folder.
    if file.parent != ENVIRONMENTS_DIRECTORY:
        values = _resolve_paths(values, PipelineConfig, path.parent)
    if base is None:
        return values
    if not isinstance(base, str):
        raise ConfigError(f"{path}: {_EXTENDS_KEY}: got {base!r}, expected an environment's name")
    return _merge(_read_with_base(_find_file(base, path.parent), (*seen, file)), values)


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error}") from error
    except (yaml.YAMLError, ValueError) as error:  # a date that there is not is a ValueError
        raise ConfigError(f"{path}: not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: got {type(values).__name__}, expected a mapping of keys")
    return values


def _resolve_paths(
    values: Mapping[str, Any], model: type[pydantic.BaseModel], folder: Path
) -> dict[str, Any]:
    """Take relative paths as those below a folder; what is a path is said by the model."""
    resolved = dict(values)
    for key, value in values.items():
        types = _list_types(model, key)
        below = _find_model(types)
        if Path in types and isinstance(value, str | Path):
            resolved[key] = folder / Path(value).expanduser()
        elif below is not None and isinstance(value, Mapping):
            resolved[key] = _resolve_paths(value, below, folder)
    return resolved


def _list_types(model: type[pydantic.BaseModel], key: object) -> tuple[Any, ...]:
    """List what the value of a model's key may be; a union's members one by one."""
    field = model.model_fields.get(str(key))
    if field is None:
        return ()
    return typing.get_args(field.annotation) or (field.annotation,)


def _find_model(types: tuple[Any, ...]) -> type[pydantic.BaseModel] | None:
    # In Python 3.10 a list[int] passes for a class.
    classes = (kind for kind in types if isinstance(kind, type) and not typing.get_origin(kind))
    return next((kind for kind in classes if issubclass(kind, pydantic.BaseModel)), None)


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        both_mappings = isinstance(below, Mapping) and isinstance(value, Mapping)
        merged[key] = _merge(below, value) if both_mappings else value  # type: ignore[arg-type]
    return merged


def _apply_override(values: dict[str, Any], override: str) -> None:
    key, separator, text = override.partition("=")
    if not separator or not key:
        raise ConfigError(f"--set: got {override!r}, expected KEY=VALUE, such as trainer.seed=7")
    try:
        value = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):
        raise ConfigError(f"--set: {key}: got {_show(key, text)}, not a YAML value") from None
    *parents, last = key.split(".")
    place = values
    for parent in parents:
        place = place.setdefault(parent, {})
        if not isinstance(place, dict):
            raise ConfigError(f"--set: {key}: {parent!r} holds no further keys")
    place[last] = value


def _describe(error: pydantic.ValidationError) -> str:
    """Say the first error in one line: key, value received, what was expected."""
    first = error.errors()[0]
    key = _name_key(first["loc"])
    more = "" if error.error_count() == 1 else f" (and {error.error_count() - 1} more)"
    if first["type"] == "extra_forbidden":
        return f"{key}: got an unknown key{_suggest(first['loc'])}{more}"
    if first["type"] == "missing":
        return f"{key}: got nothing, expected a value{more}"
    message = first["msg"].removeprefix("Value error, ")
    expected = message.removeprefix("Input should be ")
    return f"{key}: got {_show(key, first['input'])}, expected {expected}{more}"


def _show(key: str, value: object) -> str:
    """Repeat what was received, unless it may hold a password."""
    return (
        "what is not repeated here"
        if key.split(".", maxsplit=1)[0] in _SECRET_KEYS
        else repr(value)
    )


def _name_key(location: tuple[int | str, ...]) -> str:
    """Name a key as it stands in the file: without the kind that pydantic puts behind a number."""
    return ".".join(
        str(part)
        for place, part in enumerate(location)
        if not (place and isinstance(location[place - 1], int)) or part not in _GATE_KINDS
    )


def _suggest(location: tuple[int | str, ...]) -> str:
    model: type[pydantic.BaseModel] = PipelineConfig
    for part in location[:-1]:
        below = _find_model(_list_types(model, part))
        if below is None:
            return ""
        model = below
    close = difflib.get_close_matches(str(location[-1]), model.model_fields, n=1)
    if close:
        return f", expected {close[0]!r}?"
    return f", expected one of {', '.join(model.model_fields)}"
