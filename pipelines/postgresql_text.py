r"""Keep backslashes out of the statements that ml-metadata sends to PostgreSQL.

ml-metadata 1.16 lets libpq write a text as a literal, takes the literal's first and last character
for its quotes, and puts quotes of its own around the rest. For a text with a backslash libpq writes
``E'…'`` with a blank before it, so what is left is ``'E'…'``: a syntax error at best, and at worst
text from somebody's data that runs as SQL. Texts without a backslash are quoted as they should be.

So each backslash is stored as a character that no text has a use for, and read back as a backslash.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

import ml_metadata
from google.protobuf import message as protobuf

_BACKSLASH = "\\"
_STAND_IN = "\ue05c"  # of Unicode's private use area


def protect_statements(store: ml_metadata.MetadataStore) -> ml_metadata.MetadataStore:
    """Let a store exchange backslashes in all that it sends and receives.

    Args:
        store: An open store in PostgreSQL.

    Returns:
        The same store.
    """
    store._call = functools.partial(_call, store._call)
    return store


def _call(
    call: Callable[..., None],
    method_name: str,
    request: protobuf.Message,
    response: protobuf.Message,
    extra_options: Any = None,
) -> None:
    _replace(request, _BACKSLASH, _STAND_IN)
    call(method_name, request, response, extra_options)
    _replace(response, _STAND_IN, _BACKSLASH)


def _replace(message: protobuf.Message, old: str, new: str) -> None:
    """Replace a character in every text of a message, however deep."""
    for field, value in message.ListFields():
        if field.type == field.TYPE_MESSAGE:
            for below in _list_messages(field, value):
                _replace(below, old, new)
        elif field.type == field.TYPE_STRING and field.label == field.LABEL_REPEATED:
            value[:] = [text.replace(old, new) for text in value]
        elif field.type == field.TYPE_STRING and old in value:
            setattr(message, field.name, value.replace(old, new))


def _list_messages(field: Any, value: Any) -> Iterable[protobuf.Message]:
    entry = field.message_type
    if field.label != field.LABEL_REPEATED:
        return [value]
    if not entry.GetOptions().map_entry:
        return list(value)
    is_message = entry.fields_by_name["value"].type == field.TYPE_MESSAGE
    return list(value.values()) if is_message else []
