"""Read a configuration from its YAML file: what it extends, its paths, and ``--set``."""

from __future__ import annotations

import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pydantic

from pipelines.config.pipeline_config import PipelineConfig
from pipelines.config.yaml_file import (
    DuplicateKeyError,
    describe_validation_error,
    find_models,
    parse_yaml,
    read_mapping,
    show_value,
)
from pipelines.records.errors import ConfigError

ENVIRONMENTS_DIRECTORY = Path(__file__).parent / "environments"

_EXTENDS_KEY = "extends"


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
        raise ConfigError(
            f"{source}: {describe_validation_error(error, PipelineConfig)}"
        ) from error


def list_environments() -> list[str]:
    """List the environments by name."""
    return sorted(path.stem for path in ENVIRONMENTS_DIRECTORY.glob("*.yaml"))


def _find_file(source: str, folder: Path) -> Path:
    environments = list_environments()
    if source in environments:
        return ENVIRONMENTS_DIRECTORY / f"{source}.yaml"
    path = folder / Path(source).expanduser()
    if not path.is_file():
        raise ConfigError(
            f"--config: got {source!r}, expected a YAML file or one of {', '.join(environments)}"
        )
    return path


def _read_with_base(path: Path, seen: tuple[Path, ...]) -> dict[str, Any]:
    """Read a file, laid over the environment that it extends."""
    file = path.resolve()
    if file in seen:
        raise ConfigError(f"{path}: {_EXTENDS_KEY}: the files extend each other in a circle")
    values = read_mapping(path)
    base = values.pop(_EXTENDS_KEY, None)
    # What is still relative after the last file starts at the working folder.
    if file.parent != ENVIRONMENTS_DIRECTORY:
        values = _resolve_paths(values, PipelineConfig, path.parent)
    if base is None:
        return values
    if not isinstance(base, str):
        raise ConfigError(f"{path}: {_EXTENDS_KEY}: got {base!r}, expected an environment's name")
    return _merge(_read_with_base(_find_file(base, path.parent), (*seen, file)), values)


def _resolve_paths(
    values: Mapping[str, Any], model: type[pydantic.BaseModel], folder: Path
) -> dict[str, Any]:
    """Let relative paths start at a folder; the model says which values are paths."""
    resolved = dict(values)
    for key in values.keys() & model.model_fields.keys():
        annotation, value = model.model_fields[key].annotation, values[key]
        if Path in (annotation, *typing.get_args(annotation)) and isinstance(value, str | Path):
            resolved[key] = folder / Path(value).expanduser()
        elif isinstance(value, Mapping):
            for below in find_models(annotation):
                resolved[key] = _resolve_paths(value, below, folder)
    return resolved


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**base, **over}
    for key in base.keys() & over.keys():
        if isinstance(base[key], Mapping) and isinstance(over[key], Mapping):
            merged[key] = _merge(base[key], over[key])
    return merged


def _apply_override(values: dict[str, Any], override: str) -> None:
    key, separator, text = override.partition("=")
    if not separator or not key:
        raise ConfigError(f"--set: got {override!r}, expected KEY=VALUE, such as trainer.seed=7")
    try:
        value = parse_yaml(text)
    except DuplicateKeyError as error:
        raise ConfigError(f"--set: {key}: {error}") from error
    except ValueError:
        # Without the cause, which repeats a part of the text.
        raise ConfigError(
            f"--set: {key}: got {show_value(key, text)}, expected a YAML value"
        ) from None
    *parents, last = key.split(".")
    place = values
    for parent in parents:
        place = place.setdefault(parent, {})
        if not isinstance(place, dict):
            raise ConfigError(f"--set: {key}: {parent!r} holds no further keys")
    place[last] = value
