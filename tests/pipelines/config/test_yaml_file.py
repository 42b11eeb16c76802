"""Reading YAML: each key once, nothing executed, every fault in one line."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from pipelines.config.yaml_file import DuplicateKeyError, parse_yaml, read_mapping
from pipelines.records.errors import ConfigError


def test_a_key_given_twice_is_named_with_its_line() -> None:
    """The last value would win silently otherwise, in nested mappings and lists too."""
    with pytest.raises(DuplicateKeyError, match=r"^line 3: duplicate key 'b'$"):
        parse_yaml("a:\n  - b: 1\n    b: 1\n")


def test_the_same_key_in_two_mappings_is_no_duplicate() -> None:
    """Siblings may name the same keys, and a key may replace one that is merged in."""
    text = "- &base {a: 1, day: 2015-04-01}\n- {<<: *base, a: 2}\n"

    day = datetime.date(2015, 4, 1)
    assert parse_yaml(text) == [{"a": 1, "day": day}, {"a": 2, "day": day}]


@pytest.mark.parametrize("text", ["a: [", "a: 2015-13-01", "a: \x00", "!!python/name:os.system"])
def test_what_is_not_yaml_is_one_line(text: str) -> None:
    """Whatever the parser says, over however many lines."""
    with pytest.raises(ValueError, match=r"^not YAML: ") as caught:
        parse_yaml(text)

    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The line begins with the file's path."""
    path = tmp_path / "no.yaml"

    with pytest.raises(ConfigError, match=f"^{path}: can't be read: No such file"):
        read_mapping(path)
