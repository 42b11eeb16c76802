"""What the components' tests share: the tiny task, transformed once."""

from __future__ import annotations

import pytest
import tensorflow_transform as tft

from tests.tiny_task import write_transform_output


@pytest.fixture(scope="session")
def transform_output(tmp_path_factory: pytest.TempPathFactory) -> tft.TFTransformOutput:
    """What Transform learns from the six rows of the tiny task."""
    return write_transform_output(tmp_path_factory.mktemp("transform"))
