"""The configuration's models."""

from __future__ import annotations

from pipelines.config.pipeline_config import BeamConfig


def test_direct_runner_is_the_one_in_this_process() -> None:
    """``DirectRunner`` does not mean the runner that would download a program first."""
    arguments = BeamConfig(runner="DirectRunner", options=("--a=b",)).arguments

    assert arguments[0].endswith("FnApiRunner")
    assert arguments[1] == "--a=b"
