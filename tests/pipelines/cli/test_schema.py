"""The schema commands on what a run has left, or not any more."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.cli import main
from pipelines.config.layout import OutputLayout
from pipelines.records.exit_code import ExitCode
from tests.tiny_store import PIPELINE, TinyStore, compile_run


def test_files_that_are_not_there_are_tried_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder that is gone may be mounted again: exit code 1, which a scheduler retries."""
    layout = OutputLayout(tmp_path)
    compile_run(layout, "run", node_ids=("SchemaGen", "StatisticsGen"))
    store = TinyStore.open(layout.metadata_store, PIPELINE)
    gone = tmp_path / "gone"
    store.record("run", "SchemaGen", outputs={"schema": store.create_artifact("Schema", gone)})
    statistics = store.create_artifact("ExampleStatistics", gone, ["train"])
    store.record("run", "StatisticsGen", outputs={"statistics": statistics})

    assert main(["schema", "diff", "--output", str(tmp_path)]) == ExitCode.FAILED

    assert str(gone) in capsys.readouterr().err


def test_a_run_that_did_not_get_that_far_is_wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run without an inferred schema has none to compare, however often it is tried."""
    layout = OutputLayout(tmp_path)
    compile_run(layout, "run", node_ids=("SchemaGen", "StatisticsGen"))
    TinyStore.open(layout.metadata_store, PIPELINE).record("run", "StatisticsGen")

    assert main(["schema", "diff", "--output", str(tmp_path)]) == ExitCode.USAGE

    assert "did not get as far as SchemaGen" in capsys.readouterr().err
