"""TFX driver: tell the same input by its content, where TFX goes by size and whole seconds.

Put together from TFX's own parts but for its ``FileBasedDriver``: that would import TFMA, and
with it TensorFlow, to look the node up in the cache.
"""

from __future__ import annotations

import copy
import os

from tfx.components.example_gen import utils
from tfx.components.example_gen.input_processor import FileBasedInputProcessor
from tfx.dsl.components.base import base_driver
from tfx.orchestration import data_types_utils, metadata
from tfx.orchestration.portable import data_types
from tfx.orchestration.portable.base_driver import BaseDriver
from tfx.proto import example_gen_pb2, range_config_pb2
from tfx.proto.orchestration import driver_output_pb2
from tfx.utils import proto_utils

from components.csv_example_gen.input_files import find_csv_files, fingerprint_content

INPUT_BASE_KEY = "input_base"
INPUT_CONFIG_KEY = "input_config"
RANGE_CONFIG_KEY = "range_config"
EXAMPLES_KEY = "examples"


class ContentInputProcessor(FileBasedInputProcessor):
    """Fingerprint the files by content, so that only other rows invalidate TFX's cache."""

    def get_input_fingerprint(self, span: int, version: int | None) -> str:
        """Fingerprint the files of a span.

        Args:
            span: Days since 1970-01-01, or 0 if the pattern has no date.
            version: Version of the span, if the pattern has one.

        Returns:
            A text that changes with the files' names and contents.

        Raises:
            DataRefusedError: If there is no CSV file.
        """
        (split,) = self._splits
        pattern = self.get_pattern_for_span_version(split.pattern, span, version)
        paths = find_csv_files(os.fspath(self._input_base_uri), pattern)
        return f"files:{len(paths)},sha256:{fingerprint_content(paths)}"


class Driver(base_driver.BaseDriver, BaseDriver):
    """Resolve the span as TFX does, and fingerprint its files by content.

    Of the older base class TFX only asks that it is one.
    """

    def __init__(self, metadata_handle: metadata.Metadata) -> None:
        """Take the metadata store, which is not needed."""
        BaseDriver.__init__(self, metadata_handle)

    def run(self, execution_info: data_types.ExecutionInfo) -> driver_output_pb2.DriverOutput:
        """Resolve the span.

        Args:
            execution_info: The node's properties and the artifact that it will fill.

        Returns:
            The properties and the artifact with span, version and fingerprint, and the pattern
            with the span put in.

        Raises:
            DataRefusedError: If there is no CSV file.
        """
        properties = execution_info.exec_properties
        input_config = example_gen_pb2.Input()
        proto_utils.json_to_proto(properties[INPUT_CONFIG_KEY], input_config)
        range_config = None
        if properties.get(RANGE_CONFIG_KEY):
            range_config = range_config_pb2.RangeConfig()
            proto_utils.json_to_proto(properties[RANGE_CONFIG_KEY], range_config)
        processor = ContentInputProcessor(
            properties[INPUT_BASE_KEY], input_config.splits, range_config
        )
        span, version = processor.resolve_span_and_version()
        found = {
            utils.FINGERPRINT_PROPERTY_NAME: processor.get_input_fingerprint(span, version),
            utils.SPAN_PROPERTY_NAME: span,
            utils.VERSION_PROPERTY_NAME: version,
        }
        for split in input_config.splits:
            split.pattern = processor.get_pattern_for_span_version(split.pattern, span, version)
        described = {INPUT_CONFIG_KEY: proto_utils.proto_to_json(input_config), **found}

        output = driver_output_pb2.DriverOutput()
        for name, value in {**properties, **described}.items():
            if value is not None:
                data_types_utils.set_metadata_value(output.exec_properties[name], value)
        examples = copy.deepcopy(execution_info.output_dict[EXAMPLES_KEY][0].mlmd_artifact)
        for name, value in found.items():
            if value is not None:
                data_types_utils.set_metadata_value(examples.custom_properties[name], value)
        output.output_artifacts[EXAMPLES_KEY].artifacts.append(examples)
        return output
