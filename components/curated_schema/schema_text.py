"""Edit a ``schema.pbtxt`` as text, so that its comments and layout outlive a change.

This module is plain Python.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Sequence

from google.protobuf import text_format

# A comment, a quoted text, a brace, or the name of a field with what follows it.
_TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*)
    |(?P<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
    |(?P<open>[{<])
    |(?P<close>[}>])
    |(?P<field>[A-Za-z_][A-Za-z0-9_]*)(?=\s*[:{<])""",
    re.VERBOSE,
)
_VALUE = re.compile(r"""\s*:\s*("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|[^\s}#;,]+)""")


@dataclasses.dataclass(frozen=True)
class Entry:
    """One field in a piece of a text proto.

    Attributes:
        start: Where its name begins.
        end: Where it ends: after its closing brace, or after its value.
        body_start: After its opening brace; None where it has a value.
        body_end: At its closing brace; None where it has a value.
        value: Its value as written; None where it has a body.
    """

    name: str
    start: int
    end: int
    body_start: int | None = None
    body_end: int | None = None
    value: str | None = None


def list_entries(text: str, start: int = 0, end: int | None = None) -> list[Entry]:
    """List the fields of a text proto, or of one body in it; not those nested in them.

    Args:
        start: Where to begin.
        end: Where to end; None for the text's end.

    Returns:
        The fields in order; their places are those in ``text``.

    Raises:
        ValueError: If a brace is not closed.
    """
    return list(_iterate_entries(text, start, len(text) if end is None else end))


def list_body(text: str, entry: Entry) -> list[Entry]:
    """List the fields in an entry's body; none where it has a value."""
    if entry.body_start is None or entry.body_end is None:
        return []
    return list_entries(text, entry.body_start, entry.body_end)


def find_named(text: str, kind: str, name: str) -> Entry | None:
    """Find a top-level entry by the value of its field ``name``.

    Args:
        kind: Name of the top-level field, such as ``feature``.
        name: Value of ``name`` in it.

    Returns:
        The entry; None if there is none.
    """
    quoted = {quote(name), f"'{name}'"}
    for entry in list_entries(text):
        is_named = any(one.name == "name" and one.value in quoted for one in list_body(text, entry))
        if entry.name == kind and is_named:
            return entry
    return None


def find_field(text: str, entry: Entry, *path: str) -> Entry | None:
    """Find a field below an entry.

    Args:
        *path: Names of the fields on the way, at least one.

    Returns:
        The first field there; None if there is none.
    """
    found: Entry | None = entry
    for name in path:
        body = list_body(text, found) if found else []
        found = next((one for one in body if one.name == name), None)
    return found


def set_value(text: str, entry: Entry, path: Sequence[str], value: str) -> str:
    """Set a field below an entry; fields on the way that are missing are added at the end.

    Args:
        entry: Where the path begins.
        path: Names of the fields on the way, at least one.
        value: The value, as a text proto writes it.
    """
    field = find_field(text, entry, path[0])
    if field is None:
        return append(text, entry, " { ".join(path) + f": {value}" + " }" * (len(path) - 1))
    if len(path) > 1:
        return set_value(text, field, path[1:], value)
    return f"{text[: field.start]}{field.name}: {value}{text[field.end :]}"


def append(text: str, entry: Entry, *lines: str) -> str:
    """Add lines at the end of an entry's body.

    Args:
        entry: An entry with a body.

    Returns:
        The changed text; a body of one line stays one.
    """
    assert entry.body_start is not None
    assert entry.body_end is not None
    body = text[entry.body_start : entry.body_end]
    outer = body[body.rfind("\n") :] if "\n" in body else ""
    before, last = (f"{outer}  ", outer) if outer else (" ", " ")
    added = "".join(f"{before}{line}" for line in lines) + last
    return text[: entry.body_start] + body.rstrip() + added + text[entry.body_end :]


def remove(text: str, entry: Entry) -> str:
    """Remove an entry, and its line if nothing else is on it."""
    line_start = text.rfind("\n", 0, entry.start) + 1
    line_end = text.find("\n", entry.end)
    line_end = len(text) if line_end < 0 else line_end + 1
    is_alone = not (text[line_start : entry.start] + text[entry.end : line_end]).strip()
    start, end = (line_start, line_end) if is_alone else (entry.start, entry.end)
    return text[:start] + text[end:]


def quote(value: str) -> str:
    """Write a text as a text proto does: UTF-8 stays readable."""
    return '"' + text_format.text_encoding.CEscape(value, as_utf8=True) + '"'


def _iterate_entries(text: str, start: int, end: int) -> Iterator[Entry]:
    place = start
    while match := _TOKEN.search(text, place, end):
        place = match.end()
        if match["field"]:
            entry = _read_entry(text, match["field"], match.start(), match.end(), end)
            place = entry.end
            yield entry


def _read_entry(text: str, name: str, start: int, name_end: int, end: int) -> Entry:
    value = _VALUE.match(text, name_end, end)
    if value and value[1][0] not in "{<":
        return Entry(name, start, value.end(), value=value[1])
    depth = 0
    body_start = None
    for match in _TOKEN.finditer(text, name_end, end):
        if match["open"]:
            depth += 1
            body_start = match.end() if body_start is None else body_start
        elif match["close"]:
            depth -= 1
            if not depth:
                return Entry(name, start, match.end(), body_start, match.start())
    raise ValueError(f"schema: {name!r} at character {start} is not closed")
