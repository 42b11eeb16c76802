"""The one call that every method of ml-metadata's store makes, which ml-metadata keeps private.

Checked with ml-metadata 1.16.0. Where ml-metadata has moved, look for what all methods of
``MetadataStore`` send their requests through, and see to it that tests/pipelines/metadata pass.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ml_metadata
from google.protobuf import message
from ml_metadata.proto import metadata_store_pb2 as mlmd

CHECKED_VERSION = "1.16.0"

_Translate = Callable[[message.Message], None]


class TranslatingStore(ml_metadata.MetadataStore):
    """A store whose requests and responses are changed on their way."""

    def __init__(
        self, config: mlmd.ConnectionConfig, encode: _Translate, decode: _Translate
    ) -> None:
        """Connect.

        Args:
            encode: Changes a request, in place.
            decode: Changes a response, in place.
        """
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
        self._encode(sent)
        super()._call(method_name, sent, response, extra_options)
        self._decode(response)
