"""What the gate's tests share: the sample as it is, judged once."""

from __future__ import annotations

import pytest

from tests.components.deliveries import Data, Judged, lay_out, read_sample, run_gate


@pytest.fixture(scope="session")
def good(tmp_path_factory: pytest.TempPathFactory) -> tuple[Data, Judged]:
    """The sample as it is, and the verdict on it."""
    directory = tmp_path_factory.mktemp("good")
    data = lay_out(directory, read_sample())
    return data, run_gate(directory, data)
