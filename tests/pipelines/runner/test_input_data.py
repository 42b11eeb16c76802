"""The input of a run: the default data is laid out in the working folder, and no other is."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.config.pipeline_config import load_config
from pipelines.records.errors import ConfigError
from pipelines.runner.input_data import lay_out_default_data, prepare_input


def test_default_data_is_laid_out_in_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the environments read is there, whole and by quarter, wherever one stands."""
    monkeypatch.chdir(tmp_path)
    config = load_config("quarterly", ["span=2015-04-01"])

    prepare_input(config)

    assert config.data.directory == tmp_path / "data/chicago_taxi/full"
    assert (config.data.directory / "data.csv").is_file()
    assert (config.input_directory / "data.csv").is_file()


def test_other_data_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of the same name elsewhere is the user's own; nothing is written to it."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    own = tmp_path / "data/chicago_taxi/full"

    lay_out_default_data(own)
    with pytest.raises(ConfigError, match="not a folder"):
        prepare_input(load_config("local", [f"data.directory={own}"]))

    assert [path.name for path in tmp_path.rglob("*")] == ["work"]


def test_a_day_within_a_span_is_refused_with_the_span_that_it_is_in(tmp_path: Path) -> None:
    """What a span covers is configured; nothing is read in place of what was asked for."""
    for name in ("2015-04-01", "2015-05-01"):
        (tmp_path / name).mkdir()
    overrides = [f"data.spans_directory={tmp_path}", "span=2015-05-20"]

    with pytest.raises(ConfigError, match=r"there are 2, .* did you mean 2015-04-01\?$"):
        prepare_input(load_config("test", overrides))
    with pytest.raises(ConfigError, match=r"did you mean 2015-05-01\?$"):
        prepare_input(load_config("test", [*overrides, "data.span_period=month"]))
