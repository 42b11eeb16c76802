"""A compiled pipeline's file, read without TFX."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.cli import main
from pipelines.compiler.compiled_file import read_compiled_file
from pipelines.records.exit_code import ExitCode
from pipelines.records.nodes import NodeId


def _write(path: Path, content: Any) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


@pytest.mark.slow
def test_reads_what_compile_wrote(tmp_path: Path) -> None:
    """It has the nodes in their order, and the output root that they were compiled for."""
    ir_path = tmp_path / "pipeline.json"
    words = ["compile", "--output", str(tmp_path / "out"), "--ir", str(ir_path)]
    assert main([*words, "--description", str(tmp_path / "description.json")]) == ExitCode.DONE

    compiled = read_compiled_file(ir_path)

    assert compiled.output_root == tmp_path / "out"
    assert set(compiled.node_ids) == set(NodeId)
    assert compiled.node_ids.index("CsvExampleGen") < compiled.node_ids.index("Pusher")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        {"nodes": []},
        {"runtimeSpec": {"pipelineRoot": {"runtimeParameter": {"defaultValue": {}}}}},
        {"runtimeSpec": {"pipelineRoot": "here"}, "nodes": []},
    ],
)
def test_refuses_any_other_file(tmp_path: Path, content: Any) -> None:
    """A file that is no compiled pipeline is named, with what would write one."""
    path = _write(tmp_path / "other.json", content)

    with pytest.raises(ValueError, match=r"other\.json.*`compile`"):
        read_compiled_file(path)


def test_refuses_bytes_that_are_no_text(tmp_path: Path) -> None:
    """A model or an archive given by mistake is refused like any other file."""
    path = tmp_path / "saved_model.pb"
    path.write_bytes(b"\x80\xff\x00")

    with pytest.raises(ValueError, match=r"saved_model\.pb"):
        read_compiled_file(path)


def test_the_node_command_refuses_it_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrong ``--ir`` is wrong usage, told before a worker is started."""
    path = _write(tmp_path / "other.json", {"nodes": []})
    words = ["node", "--ir", str(path), "--node", "Trainer", "--run-id", "1"]

    assert main(words) == ExitCode.USAGE

    [line] = capsys.readouterr().err.splitlines()
    assert "other.json" in line
