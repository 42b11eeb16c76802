"""The one call that all methods of ml-metadata's store make, and the labels of protobuf's fields.

The first is private, the second on its way out of protobuf. Checked with ml-metadata 1.16.0 and
protobuf 3.20.3. Where they have moved, look for what all methods of ``MetadataStore`` send their
requests through, and for how a descriptor marks a repeated field, and see to it that
tests/pipelines/metadata pass.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ml_metadata
from google.protobuf import message
from ml_metadata.proto import metadata_store_pb2 as mlmd

CHECKED_VERSIONS = {"ml-metadata": "1.16.0", "protobuf": "3.20.3"}

_Change = Callable[[str], str]


class TranslatingStore(ml_metadata.MetadataStore):
    """A store in which every text is changed on its way in and on its way out."""

    def __init__(self, config: mlmd.ConnectionConfig, encode: _Change, decode: _Change) -> None:
        super().__init__(config)
        self._encode = encode
        self._decode = decode

    def _call(
        self,
        method_name: str,
        request: message.Message,
        response: message.Message,
        extra_options: Any = None,
    ) -> None:
        sent = type(request)()
        sent.CopyFrom(request)
        _change_text(sent, self._encode)
        super()._call(method_name, sent, response, extra_options)
        _change_text(response, self._decode)


def _change_text(values: message.Message, change: _Change) -> None:
    """Change every text in a message and in the messages that it holds, names in maps too."""
    for field, value in values.ListFields():
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            _change_map(value, field, change)
        elif field.type == field.TYPE_MESSAGE:
            for held in value if field.label == field.LABEL_REPEATED else [value]:
                _change_text(held, change)
        elif field.type == field.TYPE_STRING:
            if field.label == field.LABEL_REPEATED:
                value[:] = [change(text) for text in value]
            else:
                setattr(values, field.name, change(value))


def _change_map(value: Any, field: Any, change: _Change) -> None:
    holds_messages = field.message_type.fields_by_name["value"].message_type is not None
    for key in list(value):
        if holds_messages:
            _change_text(value[key], change)
        changed = change(key) if isinstance(key, str) else key
        if changed != key:
            if holds_messages:
                value[changed].CopyFrom(value[key])
            else:
                value[changed] = value[key]
            del value[key]
