"""Read YAML into a frozen model, or explain in one line why it doesn't fit."""

from __future__ import annotations

import difflib
import typing
from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import Any

import pydantic
import yaml

from pipelines.records.errors import ConfigError

# What pydantic expects, in the words of those who write YAML.
_EXPECTED = {
    "bool_type": "true or false",
    "dict_type": "a mapping of keys",
    "float_type": "a number",
    "int_type": "an integer",
    "is_instance_of": "a path",
    "model_type": "a mapping of keys",
    "path_type": "a path",
    "string_pattern_mismatch": "text that matches {pattern}",
    "string_type": "text",
    "tuple_type": "a list",
    "union_tag_invalid": "a {discriminator} of {expected_tags}",
}
# Members of a discriminated union: pydantic names them in an error's location, the file does not.
_GATE_KINDS = ("value", "change", "fairness", "serving", "beats_trivial")
# What may hold a password, which must not be repeated on a screen or in a log.
_SECRET_KEYS = ("metadata_store",)


class DuplicateKeyError(ValueError):
    """A key is given twice; one line names it."""


class _UniqueKeyLoader(yaml.SafeLoader):
    """Refuses a key that is given twice, of which YAML's own loader would take the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                line = key.start_mark.line + 1
                raise DuplicateKeyError(f"line {line}: duplicate key {key.value!r}")
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def parse_yaml(text: str) -> Any:
    """Read YAML, of which nothing is executed.

    Raises:
        DuplicateKeyError: If a mapping has a key twice.
        ValueError: If it is not YAML, in one line.
    """
    try:
        return yaml.load(text, _UniqueKeyLoader)  # noqa: S506 - it is a SafeLoader
    except DuplicateKeyError:
        raise
    except (yaml.YAMLError, ValueError) as error:  # a date that doesn't exist is a ValueError
        raise ValueError(f"not YAML: {' '.join(str(error).split())}") from error


def read_mapping(path: Path) -> dict[str, Any]:
    """Read a file that holds a mapping of keys.

    Raises:
        ConfigError: If it can't be read, is not YAML, has a duplicate key, or holds something else.
    """
    try:
        values = parse_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from error
    if not isinstance(values, dict):
        kind = "nothing" if values is None else f"a {type(values).__name__}"
        raise ConfigError(f"{path}: the file holds {kind}, expected a mapping of keys")
    return values


def describe_validation_error(
    error: pydantic.ValidationError, model: type[pydantic.BaseModel]
) -> str:
    """Describe the first error in one line: key, value received, and what the model expected."""
    first = error.errors()[0]
    more = "" if error.error_count() == 1 else f" (and {error.error_count() - 1} more)"
    key, kind, message = _name_key(first["loc"]), first["type"], first["msg"]
    if kind == "extra_forbidden":
        return f"{key}: unknown key; {_suggest(first['loc'], model)}{more}"
    if kind == "missing":
        return f"{key}: missing, and it has no default{more}"
    if kind == "duplicate":
        return f"{key}: {message}{more}"
    if kind in _EXPECTED:
        expected = _EXPECTED[kind].format(**first.get("ctx", {}))
    else:
        expected = message.removeprefix("Value error, ").removeprefix("Input should be ")
        expected = expected.partition(" should have ")[2] or expected
    return f"{key}: got {show_value(key, first['input'])}, expected {expected}{more}"


def show_value(key: str, value: object) -> str:
    """Repeat what was received, unless it may hold a password."""
    if key.partition(".")[0] in _SECRET_KEYS:
        return "a value not shown here"
    return "nothing" if value is None else repr(value)


def find_models(annotation: Any) -> Iterator[type[pydantic.BaseModel]]:
    """Find the models that a type names, in containers and unions too."""
    # In Python 3.10 a list[int] passes for a class.
    is_class = isinstance(annotation, type) and not typing.get_origin(annotation)
    if is_class and issubclass(annotation, pydantic.BaseModel):
        yield annotation
    for part in typing.get_args(annotation):
        yield from find_models(part)


def _name_key(location: tuple[int | str, ...]) -> str:
    """Name a key as it stands in the file: without the kind that pydantic puts behind a number."""
    return ".".join(
        str(part)
        for place, part in enumerate(location)
        if not (place and isinstance(location[place - 1], int)) or part not in _GATE_KINDS
    )


def _suggest(location: tuple[int | str, ...], model: type[pydantic.BaseModel]) -> str:
    models = [model]
    for part in location[:-1]:
        if part in _GATE_KINDS:
            models = [each for each in models if _has_kind(each, part)]
        elif isinstance(part, str):
            fields = [each.model_fields[part] for each in models if part in each.model_fields]
            models = [below for field in fields for below in find_models(field.annotation)]
    known = list(dict.fromkeys(name for each in models for name in each.model_fields))
    close = difflib.get_close_matches(str(location[-1]), known, n=1)
    return f"did you mean {close[0]!r}?" if close else f"expected one of {', '.join(known)}"


def _has_kind(model: type[pydantic.BaseModel], kind: object) -> bool:
    return "kind" in model.model_fields and kind in typing.get_args(
        model.model_fields["kind"].annotation
    )
