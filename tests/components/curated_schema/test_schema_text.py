"""Edit a text proto in place."""

from __future__ import annotations

import pytest

from components.curated_schema.schema_text import (
    append,
    find_field,
    find_named,
    list_entries,
    quote,
    remove,
    set_value,
)

TEXT = """\
# feature { name: "no" }
default_environment: "TRAINING"
feature {
  name: "a}b"  # { a brace
  domain { deep: < low: 1 > }
}
feature < name: 'second' >
"""


def test_braces_in_texts_and_comments_do_not_count() -> None:
    """Three entries, each from its name to its end."""
    entries = list_entries(TEXT)

    assert [entry.name for entry in entries] == ["default_environment", "feature", "feature"]
    assert TEXT[entries[1].start : entries[1].end].endswith("}\n}")
    assert [entry.name for entry in list_entries(TEXT, entries[1])] == ["name", "domain"]


def test_an_entry_is_found_by_its_name() -> None:
    """In either kind of quotes and braces."""
    assert find_named(TEXT, "feature", "a}b") is not None
    assert find_named(TEXT, "feature", "second") is not None
    assert find_named(TEXT, "feature", "no") is None


def test_a_nested_value_is_set_or_added() -> None:
    """Fields on the way that are missing are added."""
    feature = find_named(TEXT, "feature", "a}b")
    assert feature is not None

    set_text = set_value(TEXT, feature, ("domain", "high"), "2")
    added = set_value(TEXT, feature, ("presence", "min_count"), "0")

    assert "domain { deep: < low: 1 > high: 2 }" in set_text
    assert "  presence { min_count: 0 }\n}" in added


def test_an_entry_is_removed_with_its_line() -> None:
    """What else is on the line stays."""
    feature = find_named(TEXT, "feature", "a}b")
    assert feature is not None
    domain, name = (find_field(TEXT, feature, field) for field in ("domain", "name"))
    assert domain is not None
    assert name is not None

    assert remove(TEXT, domain) == TEXT.replace("  domain { deep: < low: 1 > }\n", "")
    assert "    # { a brace\n" in remove(TEXT, name)


def test_lines_are_added_at_the_end_of_a_body() -> None:
    """Each on its own line, indented."""
    feature = find_named(TEXT, "feature", "a}b")
    assert feature is not None

    assert "}\n  type: INT\n  x: 1\n}" in append(TEXT, feature, "type: INT", "x: 1")


def test_quotes_and_backslashes_are_escaped() -> None:
    """And letters stay readable."""
    assert quote('S"\\ö') == r'"S\"\\ö"'


def test_an_open_brace_is_an_error() -> None:
    """It names what is not closed."""
    with pytest.raises(ValueError, match="'feature' at character 0 is not closed"):
        list_entries("feature {")
