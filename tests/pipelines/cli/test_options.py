"""What the shared options hand to a command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from pipelines.cli.options import json_option, run_argument, with_config
from pipelines.cli.screen import Screen
from pipelines.config.pipeline_config import PipelineConfig
from pipelines.records.about import About

received: dict[str, Any] = {}


@click.command()
@run_argument()
@with_config("data", "span", "refresh")
@json_option
def command(config: PipelineConfig, run_id: str | None, screen: Screen) -> int:
    """Keep what it is called with."""
    received.update(config=config, run_id=run_id, screen=screen)
    return 0


def call(*words: str) -> None:
    """Call the command."""
    assert CliRunner().invoke(command, words, catch_exceptions=False).exit_code == 0


def test_options_stand_for_keys_of_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They come last, and their paths start at the working folder."""
    monkeypatch.chdir(tmp_path)

    call("--config", "test", "--set", "cache=true", "--refresh", "--data", "in", "--output", "out")

    config = received["config"]
    assert (config.cache, config.span) == (False, None)
    assert (config.data.directory, config.output_root) == (tmp_path / "in", tmp_path / "out")


def test_the_newest_run_is_the_one_not_named() -> None:
    """``latest`` says the same; any other name is handed on."""
    seen = []
    for words in ((), ("latest",), ("20260131T000000Z",)):
        call(*words)
        seen.append(received["run_id"])

    assert seen == [None, None, "20260131T000000Z"]


def test_json_goes_where_it_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """To a file in a new folder, to standard output, which is then free of all else, or nowhere."""
    about = About(purpose="to test")
    for path in (None, tmp_path / "new" / "about.json", Path("-")):
        screen = Screen(path)
        screen.print("for people")
        screen.write_json(about)

    out, err = capsys.readouterr()
    assert About.model_validate_json(out.replace("for people\n", "")) == about
    assert (out.count("for people"), err.count("for people")) == (2, 1)
    assert About.model_validate_json((tmp_path / "new" / "about.json").read_text()) == about
