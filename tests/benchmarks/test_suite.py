"""The suite: what is measured, in which order, and how it is kept."""

from __future__ import annotations

import dataclasses
import os
import sys
import time
import venv
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.cli import main
from benchmarks.measured_process import measure_command
from benchmarks.results import NO_ROWS, Reading, append_line, read_results
from benchmarks.subjects import (
    OURS,
    SCENARIOS,
    STOCK,
    STOCK_CACHED,
    STOCK_SAME_EXAMPLES,
    Bench,
    Stage,
    Task,
    create_ours,
    create_starts,
    create_stock,
    read_summary,
)
from benchmarks.suite import Plan, compile_packages, describe_measurement, measure_stage
from components.trainer.settings import TrainerSettings
from pipelines.config.code_root import CODE_ROOT

PLAN = Plan(
    sizes=(15_000, 1_500_000),
    scenarios=("ours", "stock", "starts"),
    repeats=2,
    stock_max_rows=150_000,
    rerun_rows=15_000,
)


@pytest.fixture
def bench() -> Bench:
    """This project, with the environment of the tests."""
    return Bench(CODE_ROOT, os.environ)


def test_subjects_take_turns_within_a_repeat() -> None:
    """Repeats are outside, subjects inside; stock is left out where there are too many rows."""
    once = [(15_000, "ours"), (15_000, "stock"), (1_500_000, "ours"), (NO_ROWS, "starts")]

    assert list(PLAN.list_work()) == [(repeat, *each) for repeat in (0, 1) for each in once]


def test_ours_is_rerun_until_all_is_cached(bench: Bench, tmp_path: Path) -> None:
    """All stages are the same command; only the last one finds a warm worker."""
    task = Task(data=tmp_path, output=tmp_path, with_reruns=True)
    stages = create_ours(bench, task)

    assert len(stages) == 4
    assert len({tuple(stage.command) for stage in stages}) == 1
    assert [stage.prepare == bench.stop_workers for stage in stages] == [True] * 3 + [False]
    assert [
        stage.subject for stage in create_ours(bench, dataclasses.replace(task, with_reruns=False))
    ] == [OURS]


def test_stock_is_trained_on_as_many_examples_as_ours(bench: Bench, tmp_path: Path) -> None:
    """Rounded up to whole steps of 40, and only where ours is known."""
    task = Task(data=tmp_path, output=tmp_path, with_reruns=True)
    known = create_stock(bench, dataclasses.replace(task, rows_seen_by_ours=100_001))
    unknown = create_stock(bench, task)

    assert known[-1].subject == STOCK_SAME_EXAMPLES
    assert list(known[-1].command[-2:]) == ["--train-steps", "2501"]
    assert [stage.subject for stage in unknown][::2] == [STOCK, STOCK_CACHED]


def test_every_subject_runs_a_program_with_its_own_name(bench: Bench, tmp_path: Path) -> None:
    """No two stages share a name, so no result takes another's place."""
    task = Task(data=tmp_path, output=tmp_path, with_reruns=True, rows_seen_by_ours=1)
    names = [stage.subject for create in SCENARIOS.values() for stage in create(bench, task)]

    assert len(names) == len(set(names))
    assert create_starts in SCENARIOS.values()


def test_a_stage_tells_what_it_took_and_what_it_read(bench: Bench, tmp_path: Path) -> None:
    """Preparation comes first; the reading is given the log, and may name other seconds."""
    prepared = tmp_path / "prepared"
    stage = Stage(
        "check",
        [sys.executable, "-c", f"open({str(prepared)!r}); print('rows 7'); raise SystemExit(4)"],
        prepared.touch,
        lambda log: Reading(row_counts={"csv": int(log.read_text().split()[1])}, seconds=12.5),
        frozenset({4}),
    )

    measured = measure_stage(bench, stage, rows=7, repeat=2, log=tmp_path / "logs/log")

    assert measured.succeeded
    assert measured.key == ("check", 7, 2)
    assert measured.row_counts == {"csv": 7}
    assert measured.seconds == 12.5
    assert "check 7 rows #2: 12.5 s" in describe_measurement(measured)


def test_a_failed_stage_is_kept_and_not_read(bench: Bench, tmp_path: Path) -> None:
    """Its exit code is there, and it does not count as measured."""

    def read(log: Path) -> Reading:
        raise AssertionError(log)

    stage = Stage("check", [sys.executable, "-c", "raise SystemExit(3)"], read=read)
    measured = measure_stage(bench, stage, rows=0, repeat=0, log=tmp_path / "log")
    append_line(tmp_path / "results.jsonl", measured)

    assert measured.exit_code == 3
    assert not read_results([tmp_path / "results.jsonl"]).has("check", 0, 0)
    assert "FAILED with exit code 3" in describe_measurement(measured)


def test_commands_that_need_no_tensorflow_are_told_apart(bench: Bench) -> None:
    """The help imports none of it, which is looked up in what it imports."""
    assert not bench.imports_tensorflow("--help")


def test_trips_are_written_by_the_command(tmp_path: Path) -> None:
    """The command line gives number, folder and rows of a file."""
    arguments = ["--rows", "25", "--rows-a-file", "10", "--output", str(tmp_path)]
    told = CliRunner().invoke(main, ["trips", *arguments], catch_exceptions=False)

    assert told.output.split() == [str(tmp_path / f"trips-0000{number}.csv") for number in range(3)]
    assert (tmp_path / "trips-00002.csv").read_text().count("\n") == 6


def test_the_summary_of_a_run_is_read(tmp_path: Path) -> None:
    """Seconds of nodes that ran, rows, metrics, and epochs times their rows: 2 steps of 2."""
    (tmp_path / "model_run").mkdir()
    (tmp_path / "model_run/history.csv").write_text("epoch,loss\n0,1\n1,1\n2,1\n")
    summary = tmp_path / "summary.json"
    summary.write_text(
        """{"verdict": "model_refused", "metrics": [{"name": "auc", "value": 0.9}], "nodes": [
        {"id": "CsvExampleGen", "state": "done", "seconds": 1.5, "cached": true, "rows_in": {},
         "rows_out": {"csv": 10, "train": 6}},
        {"id": "Trainer", "state": "done", "seconds": 2.5, "cached": false,
         "rows_in": {"train": 6}, "rows_out": {}},
        {"id": "Pusher", "state": "skipped", "seconds": 0, "cached": false,
         "rows_in": {}, "rows_out": {}}]}"""
    )

    read = read_summary(summary, tmp_path, TrainerSettings(epoch_rows=3, batch_size=2))

    assert read.outcome == "model_refused, 1 of 3 nodes cached"
    assert read.steps == {"CsvExampleGen": 1.5, "Trainer": 2.5}
    assert read.row_counts["csv"] == 10
    assert read.rows_seen == 12
    assert read.metrics == {"auc": 0.9}


def test_a_measured_command_is_ended_with_the_measuring(tmp_path: Path) -> None:
    """An interrupted suite leaves nothing of the command running."""
    marker = tmp_path / "alive"
    program = f"import time\nwhile True: open({str(marker)!r}, 'a').write('.'); time.sleep(0.05)"
    interrupting = (
        "import os, signal, threading, time\n"
        "from pathlib import Path\n"
        "from benchmarks.measured_process import measure_command\n"
        "def interrupt():\n"
        f"    while not Path({str(marker)!r}).exists(): time.sleep(0.02)\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "threading.Thread(target=interrupt, daemon=True).start()\n"
        f"command = [{sys.executable!r}, '-c', {program!r}]\n"
        f"measure_command(command, Path({str(tmp_path / 'inner')!r}), Path('.'), os.environ)\n"
    )
    ended = measure_command(
        [sys.executable, "-c", interrupting], tmp_path / "log", CODE_ROOT, os.environ
    )
    size = marker.stat().st_size

    assert ended.exit_code != 0
    assert "KeyboardInterrupt" in (tmp_path / "log").read_text()
    time.sleep(0.3)
    assert marker.stat().st_size == size


def test_no_subject_pays_for_compiling_its_packages(tmp_path: Path) -> None:
    """What a package's file is compiled to is there before anything is measured."""
    venv.create(tmp_path / "env", with_pip=False)
    [packages] = (tmp_path / "env/lib").glob("python*/site-packages")
    (packages / "slow_to_compile.py").write_text("NUMBER = 1\n")
    (packages / "template.py").write_text("print 'no Python of today'\n")

    compile_packages(tmp_path / "env/bin/python")

    assert list((packages / "__pycache__").glob("slow_to_compile.*.pyc"))


def test_an_environment_that_is_not_there_is_left_out(tmp_path: Path) -> None:
    """Stock's and Airflow's may never have been made."""
    compile_packages(tmp_path / "env/bin/python")

    assert not (tmp_path / "env").exists()
