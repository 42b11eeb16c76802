"""Measure subjects in turn, and keep each measurement at once."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from benchmarks.machine import describe_machine
from benchmarks.measured_process import measure_command
from benchmarks.resampled_trips import read_real_trips, write_trips
from benchmarks.results import NO_ROWS, Measurement, Reading, Results, append_line, read_results
from benchmarks.subjects import OURS, SCENARIOS, Bench, Stage, Task
from pipelines.config.code_root import CODE_ROOT
from pipelines.config.environment_file import load_config
from pipelines.runner.input_data import prepare_input

_COMPILE_PACKAGES = (
    "import compileall, sysconfig\n"
    "compileall.compile_dir(sysconfig.get_path('purelib'), quiet=2, workers=0)"
)
_REAL_TRIPS = "data.csv"
_LOG_TAIL_LINES = 15
_BLOCK_BYTES = 1 << 20


@dataclasses.dataclass(frozen=True)
class Plan:
    """What to measure.

    Attributes:
        sizes: Rows of the data.
        scenarios: Names in ``SCENARIOS``; ``starts`` is run once per repeat.
        stock_max_rows: TFX's own pipeline is left out for more rows.
        rerun_rows: Size at which cached reruns are measured.
    """

    sizes: Sequence[int]
    scenarios: Sequence[str]
    repeats: int
    stock_max_rows: int
    rerun_rows: int

    def list_work(self) -> Iterator[tuple[int, int, str]]:
        """List repeat, size and scenario: subjects inside, repeats outside.

        So whatever else the machine does meanwhile slows all subjects alike.
        """
        for repeat in range(self.repeats):
            for rows in self.sizes:
                for name in self.scenarios:
                    is_stock = name.startswith("stock")
                    if name != "starts" and not (is_stock and rows > self.stock_max_rows):
                        yield repeat, rows, name
            if "starts" in self.scenarios:
                yield repeat, NO_ROWS, "starts"


def run_suite(plan: Plan, results_path: Path, directory: Path) -> Results:
    """Measure what the file of results does not hold yet, and return all that it holds then.

    Args:
        directory: Folder for data, outputs and logs. Data is kept for the next time, outputs are
            removed once they are measured.

    Raises:
        ValueError: If the file is not one of results.
    """
    directory.mkdir(parents=True, exist_ok=True)
    results = _read(results_path)
    with _open_bench() as bench:
        pythons = {
            "pipeline and script": bench.python,
            "stock": bench.stock_python,
            "Airflow": bench.airflow_python,
        }
        for python in pythons.values():
            compile_packages(python)
        machine = describe_machine(directory, pythons)
        if machine not in results.machines:
            append_line(results_path, machine)
        for repeat, rows, name in plan.list_work():
            output = directory / "output"
            shutil.rmtree(output, ignore_errors=True)
            output.mkdir()
            seen = (each.rows_seen for each in results.list_found(OURS, rows))
            task = Task(
                data=_provide_data(directory, rows or min(plan.sizes)),
                output=output,
                with_reruns=rows == plan.rerun_rows,
                rows_seen_by_ours=next(seen, None),
            )
            stages = SCENARIOS[name](bench, task)
            if all(results.has(stage.subject, rows, repeat) for stage in stages):
                continue
            _read_once(task.data)
            for stage in stages:
                log = directory / "logs" / f"{stage.subject}-{rows}-{repeat}.log"
                measurement = measure_stage(bench, stage, rows, repeat, log)
                append_line(results_path, measurement)
                click.echo(describe_measurement(measurement))
                if not measurement.succeeded:
                    # What follows builds on it.
                    click.echo(_read_tail(log), err=True)
                    break
            results = _read(results_path)
            shutil.rmtree(output, ignore_errors=True)
    return results


def measure_stage(bench: Bench, stage: Stage, rows: int, repeat: int, log: Path) -> Measurement:
    """Measure one command, and read what it reports of itself where it succeeded.

    Args:
        log: File that gets its output; an older one is removed.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    log.unlink(missing_ok=True)
    stage.prepare()
    started_at = datetime.datetime.now(datetime.timezone.utc)
    load = os.getloadavg()[0]
    cost = measure_command(stage.command, log, bench.project, bench.environment)
    succeeded = cost.exit_code in stage.exit_codes
    reading = stage.read(log) if succeeded else Reading()
    return Measurement.model_validate(
        {
            **dataclasses.asdict(cost),
            **reading.model_dump(exclude_none=True),
            "subject": stage.subject,
            "rows": rows,
            "repeat": repeat,
            "started_at": started_at,
            "load_before": load,
            "succeeded": succeeded,
        }
    )


def describe_measurement(measurement: Measurement) -> str:
    """Describe a measurement in one line."""
    size = f" {measurement.rows:,} rows" if measurement.rows else ""
    peak_gib = measurement.peak_total_bytes / (1 << 30)
    ending = f", {measurement.outcome}" if measurement.outcome else ""
    if not measurement.succeeded:
        ending = f", FAILED with exit code {measurement.exit_code}"
    return (
        f"{measurement.started_at:%H:%M:%S} {measurement.subject}{size} #{measurement.repeat}: "
        f"{measurement.seconds:.1f} s, {measurement.cpu_seconds:.1f} s CPU, {peak_gib:.2f} GiB, "
        f"load {measurement.load_before:.1f}{ending}"
    )


def _read(path: Path) -> Results:
    return read_results([path] if path.exists() else [])


@contextlib.contextmanager
def _open_bench() -> Iterator[Bench]:
    """Give warm workers a folder of their own: the user's others are left alone."""
    with tempfile.TemporaryDirectory(prefix="bench-") as runtime_directory:
        environment = {**os.environ, "XDG_RUNTIME_DIR": runtime_directory}
        # As users have it: what is imported once is compiled for the next time.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        bench = Bench(CODE_ROOT, environment)
        try:
            yield bench
        finally:
            bench.stop_workers()


def compile_packages(python: Path) -> None:
    """Compile the packages of an environment, where there is one.

    Otherwise whatever is measured first in an environment pays for it, or everything does where
    Python keeps no bytecode (``PYTHONDONTWRITEBYTECODE``).
    """
    if python.is_file():
        # Some packages hold files for other versions of Python, which nobody imports.
        subprocess.run([python, "-c", _COMPILE_PACKAGES], stdout=subprocess.DEVNULL, check=True)


def _provide_data(directory: Path, rows: int) -> Path:
    """Make the trips where they are missing, and return their folder."""
    folder = directory / "trips" / str(rows)
    if not folder.is_dir():
        unfinished = folder.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        write_trips(read_real_trips(find_real_trips()), rows, unfinished)
        unfinished.rename(folder)
    return folder


def _read_once(folder: Path) -> None:
    """Fill the page cache, so that the first to read the data does not pay for the disk."""
    for path in folder.iterdir():
        with path.open("rb") as file:
            while file.read(_BLOCK_BYTES):
                pass


def find_real_trips() -> Path:
    """Find the file of the real trips, written where it is missing."""
    config = load_config("local")
    prepare_input(config)
    return config.input_directory / _REAL_TRIPS


def _read_tail(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(lines[-_LOG_TAIL_LINES:])
