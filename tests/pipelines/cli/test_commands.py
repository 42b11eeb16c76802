"""The command line: exit codes and one-line errors of each command, without running a node."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines import __version__
from pipelines.cli import main
from pipelines.records.exit_code import ExitCode


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["fly"], "No such command 'fly'"),
        (["run", "--nope"], "--nope"),
        (["run", "--config", "nope.yaml"], "nope.yaml"),
        (["run", "--set", "trainer.seed=x"], "trainer.seed"),
        (["run", "--span", "april"], "april"),
        (["run", "--data", "/no/such/folder"], "/no/such/folder"),
        (["compile"], "--ir"),
        (["compile", "--ir", "a", "--description", "b", "--set", "cache=maybe"], "cache"),
        (["node", "--ir", "no.json", "--node", "Trainer", "--run-id", "1"], "no.json"),
        (["node", "--node", "Trainer", "--run-id", "1"], "--ir"),
        (["node", "--ir", __file__, "--node", "Trainer", "--run-id", "1"], "test_commands.py"),
        (["compile", "--run-id", "1", "--ir", "a"], "--description"),
        (["compile", "--run-id", "../up", "--data", "/no/such"], "'../up'"),
        (["compile", "--run-id", "1", "--like", "/no/such.json"], "/no/such.json"),
        (["compile", "--run-id", "1", "--span", "1999-01-01"], "1999-01-01"),
        (["run", "--span", "1999-01-01"], "there are 16, 2013-01-01 to 2016-10-01"),
        (["run", "--set", "training_spans=0"], "training_spans"),
        (["run", "--set", "metadata_store=runs.sqlite"], "postgresql://"),
        (["finish"], "--run-id"),
        (["finish", "--run-id", "$(id)"], "'$(id)'"),
        (["finish", "--run-id", "1", "--output", "/no/such/folder"], "'1'"),
        (["workers"], "workers"),
        (["show", "--output", "/no/such/folder"], "/no/such/folder"),
        (["explain", "--output", "/no/such/folder"], "/no/such/folder"),
        (["report", "--output", "/no/such/folder"], "/no/such/folder"),
        (["compare", "1", "--output", "/no/such/folder"], "/no/such/folder"),
        (["serve-reports", "--output", "/no/such/folder"], "/no/such/folder"),
        (["champion", "show", "--output", "/no/such/folder"], "/no/such/folder"),
        (["schema", "diff", "--output", "/no/such/folder"], "/no/such/folder"),
        (["runs", "--config", "nope"], "nope"),
        (["data", "--config", "nope"], "nope"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wrong words are answered by one line that names them."""
    assert main(words) == ExitCode.USAGE

    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert said in line


@pytest.mark.parametrize(
    "command", ["run", "compile", "node", "finish", "workers", "runs", "show", "data"]
)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """``--help`` tells what a command does, with exit code 0."""
    assert main([command, "--help"]) == ExitCode.DONE
    assert command in capsys.readouterr().out


def test_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """``--version`` tells the version of the package."""
    assert main(["--version"]) == ExitCode.DONE
    assert capsys.readouterr().out.split() == ["tfx-production-pipeline", __version__]


def test_runs_of_an_empty_root_are_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where nothing has run, ``runs`` lists nothing and ``show`` says so."""
    assert main(["runs", "--output", str(tmp_path)]) == ExitCode.DONE
    capsys.readouterr()
    assert main(["show", "--output", str(tmp_path)]) == ExitCode.USAGE
    assert "no runs" in capsys.readouterr().err


def test_no_command_is_wrong_usage_that_says_where_they_are_listed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The help is not folded into the one line of an error."""
    assert main([]) == ExitCode.USAGE

    [line] = capsys.readouterr().err.splitlines()
    assert "got no command" in line
    assert "--help" in line
