"""Edit a ``schema.pbtxt`` as text, so that comments and layout survive a change; plain Python."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

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
    """One field in a text proto.

    Attributes:
        start: Where its name begins.
        end: Where it ends: after its closing brace, or after its value.
        body: From after its opening brace to its closing one; None where it has a value.
        value: Its value as written; None where it has a body.
    """

    name: str
    start: int
    end: int
    body: tuple[int, int] | None = None
    value: str | None = None


def list_entries(text: str, within: Entry | None = None) -> list[Entry]:
    """List the fields of a text proto, or of one entry's body, in order; not those nested in them.

    Raises:
        ValueError: If a brace is not closed.
    """
    place, end = (0, len(text)) if within is None else within.body or (0, 0)
    entries = []
    while match := _TOKEN.search(text, place, end):
        place = match.end()
        if match["field"]:
            entries.append(_read_entry(text, match, end))
            place = entries[-1].end
    return entries


def find_field(text: str, entry: Entry, name: str) -> Entry | None:
    """Find the first field of a name in an entry's body."""
    return next((one for one in list_entries(text, entry) if one.name == name), None)


def find_named(text: str, kind: str, name: str) -> Entry | None:
    """Find a top-level entry of a kind, such as ``feature``, by the value of its ``name``."""
    quoted = {quote(name), f"'{name}'"}
    for entry in list_entries(text):
        field = find_field(text, entry, "name") if entry.name == kind else None
        if field and field.value in quoted:
            return entry
    return None


def set_value(text: str, entry: Entry, path: Sequence[str], value: str) -> str:
    """Set a field below an entry; fields on the way that are missing are added at the end."""
    field = find_field(text, entry, path[0])
    if field is None:
        return append(text, entry, " { ".join(path) + f": {value}" + " }" * (len(path) - 1))
    if len(path) > 1:
        return set_value(text, field, path[1:], value)
    return f"{text[: field.start]}{field.name}: {value}{text[field.end :]}"


def append(text: str, entry: Entry, *lines: str) -> str:
    """Add lines at the end of an entry's body; a body of one line stays one."""
    assert entry.body is not None
    start, end = entry.body
    body = text[start:end]
    outer = body[body.rfind("\n") :] if "\n" in body else ""
    before, last = (f"{outer}  ", outer) if outer else (" ", " ")
    added = "".join(f"{before}{line}" for line in lines) + last
    return text[:start] + body.rstrip() + added + text[end:]


def remove(text: str, entry: Entry) -> str:
    """Remove an entry, and its line if nothing else is on it."""
    start = text.rfind("\n", 0, entry.start) + 1
    end = text.find("\n", entry.end) + 1 or len(text)
    if (text[start : entry.start] + text[entry.end : end]).strip():
        start, end = entry.start, entry.end
    return text[:start] + text[end:]


def quote(value: str) -> str:
    """Write a text as a text proto does: UTF-8 stays readable."""
    return '"' + text_format.text_encoding.CEscape(value, as_utf8=True) + '"'


def _read_entry(text: str, field: re.Match[str], end: int) -> Entry:
    name = field["field"]
    value = _VALUE.match(text, field.end(), end)
    if value and value[1][0] not in "{<":
        return Entry(name, field.start(), value.end(), value=value[1])
    depth = body_start = 0
    for match in _TOKEN.finditer(text, field.end(), end):
        if match["open"]:
            depth += 1
            body_start = body_start or match.end()
        elif match["close"]:
            depth -= 1
            if not depth:
                return Entry(name, field.start(), match.end(), (body_start, match.start()))
    raise ValueError(f"schema: {name!r} at character {field.start()} is not closed")
