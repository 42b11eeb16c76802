"""The operator that imports a node's executor only when it is run, with TFX's own behind it."""

from __future__ import annotations

import pytest
from tfx.orchestration.portable import data_types
from tfx.proto.orchestration import executable_spec_pb2

from pipelines.late_executors import create_late_operators

Spec = executable_spec_pb2.PythonClassExecutableSpec


def test_a_missing_executor_is_missed_when_it_is_run() -> None:
    """Making the operator imports nothing; running prepares first, then imports."""
    prepared: list[bool] = []
    create = create_late_operators(lambda: prepared.append(True))[Spec]
    operator = create(executor_spec=Spec(class_path="nowhere.Executor"), platform_config=None)
    assert not prepared

    with pytest.raises(ImportError, match="nowhere"):
        operator.run_executor(data_types.ExecutionInfo())

    assert prepared == [True]


def test_every_kind_of_executor_but_containers_is_late() -> None:
    """Python's and Beam's executors are imported late; a container is no import."""
    assert set(create_late_operators(lambda: None)) == {
        Spec,
        executable_spec_pb2.BeamExecutableSpec,
    }
