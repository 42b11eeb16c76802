"""Compiled pipelines that later runs take over: only where compiling would give the same."""

from __future__ import annotations

import datetime
import hashlib
import os
from pathlib import Path

import pytest

from pipelines import earlier_compilation
from pipelines.config import PipelineConfig, load_config
from pipelines.description import PipelineDescription, read_description, write_description
from pipelines.earlier_compilation import find_compiled, hash_origin, take_over
from pipelines.layout import RunLayout

_LONG_AGO = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)


@pytest.fixture
def config(tmp_path: Path) -> PipelineConfig:
    """A configuration with an output root of its own."""
    return load_config("test", [f"output_root={tmp_path}"])


def compile_run(config: PipelineConfig, run_id: str, content: bytes = b"{}") -> RunLayout:
    """Leave what compiling leaves in a run's folder."""
    run = config.layout.run(run_id)
    run.directory.mkdir(parents=True)
    run.ir_path.write_bytes(content)
    description = PipelineDescription(
        name="test",
        content_hash=hashlib.sha256(content).hexdigest(),
        compiled_at=_LONG_AGO,
        output_root=str(config.output_root),
        origin_hash=hash_origin(config),
        nodes=(),
    )
    write_description(description, run.description_path)
    return run


def test_the_same_code_and_configuration_is_found(config: PipelineConfig) -> None:
    """The newest of several earlier runs is taken."""
    assert find_compiled(config) is None
    for seconds, run_id in enumerate(("2", "1")):
        run = compile_run(config, run_id)
        os.utime(run.description_path, (seconds, seconds))

    assert find_compiled(config) == config.layout.run("1")


def test_a_taken_over_pipeline_is_the_same_but_for_its_time(config: PipelineConfig) -> None:
    """The compiled file is copied byte by byte; the description says when that was."""
    earlier = compile_run(config, "1", b'{"nodes": []}')
    run = config.layout.run("2")

    take_over(earlier, run)

    assert run.ir_path.read_bytes() == earlier.ir_path.read_bytes()
    before, after = (read_description(one.description_path) for one in (earlier, run))
    assert after.compiled_at > before.compiled_at
    assert after.model_copy(update={"compiled_at": before.compiled_at}) == before


def test_another_configuration_is_compiled_anew(config: PipelineConfig) -> None:
    """Any setting may change what is compiled."""
    compile_run(config, "1")
    other = config.model_copy(update={"cache": False})

    assert find_compiled(other) is None


@pytest.mark.parametrize("changed", ["installation", "schema"])
def test_other_code_or_schema_is_compiled_anew(
    config: PipelineConfig, changed: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What is compiled names both by their content."""
    compile_run(config, "1")
    if changed == "installation":
        monkeypatch.setattr(earlier_compilation, "hash_installation", lambda: "another")
    else:
        (tmp_path / "schema.pbtxt").write_text("feature {}")
        monkeypatch.setattr(
            earlier_compilation, "get_schema_path", lambda task: tmp_path / "schema.pbtxt"
        )

    assert find_compiled(config) is None


@pytest.mark.parametrize("damage", ["ir", "no ir", "description"])
def test_what_is_not_whole_is_passed_over(config: PipelineConfig, damage: str) -> None:
    """A file that was changed, removed or cut is never run; an older whole one is."""
    whole = compile_run(config, "1")
    os.utime(whole.description_path, (1, 1))
    damaged = compile_run(config, "2")
    if damage == "ir":
        damaged.ir_path.write_bytes(b"[]")
    elif damage == "no ir":
        damaged.ir_path.unlink()
    else:
        damaged.description_path.write_text("{")

    assert find_compiled(config) == whole


def test_a_part_of_a_pipeline_is_compiled_anew(config: PipelineConfig) -> None:
    """What is asked for stands in the compiled file."""
    compile_run(config, "1")

    assert find_compiled(config, from_nodes=("Trainer",)) is None
    assert find_compiled(config, to_nodes=("Trainer",)) is None
