"""TFX adapter: recognize input by its content, where TFX goes by size and whole seconds."""

from __future__ import annotations

import os
from collections.abc import Iterable

from tfx.components.example_gen.driver import FileBasedDriver
from tfx.components.example_gen.input_processor import FileBasedInputProcessor
from tfx.proto import example_gen_pb2, range_config_pb2

from components.csv_example_gen.input_files import dump_fingerprint, find_csv_files, hash_files


class ContentInputProcessor(FileBasedInputProcessor):
    """Fingerprint the files by content, so that only other rows invalidate TFX's cache."""

    def get_input_fingerprint(self, span: int, version: int | None) -> str:
        """Fingerprint the files of a span: a text that changes with their names and contents.

        Raises:
            DataRefusedError: If there is no CSV file.
        """
        (split,) = self._splits
        pattern = self.get_pattern_for_span_version(split.pattern, span, version)
        input_base = os.fspath(self._input_base_uri)
        return dump_fingerprint(hash_files(input_base, find_csv_files(input_base, pattern)))


class Driver(FileBasedDriver):
    """Resolve the span as TFX does, and fingerprint its files by content."""

    def get_input_processor(
        self,
        splits: Iterable[example_gen_pb2.Input.Split],
        range_config: range_config_pb2.RangeConfig | None = None,
        input_base_uri: str | None = None,
    ) -> ContentInputProcessor:
        """Give the processor that TFX's driver asks for spans and fingerprints."""
        return ContentInputProcessor(input_base_uri, splits, range_config)
