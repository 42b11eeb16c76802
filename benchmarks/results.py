"""What the benchmark measures, as lines of JSON that are appended one at a time."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

import pydantic

from components.frozen_model import FrozenModel

NO_ROWS = 0
"""Stands for the size of what has none: a start, a parse."""


class Machine(FrozenModel):
    """Where and with what was measured.

    Attributes:
        cores: Number that this process may use.
        disk_free_gib: Free space where runs write, on ``file_system``.
        code: Hash of the project's own code.
        packages: Version by package, and Python's, by environment.
    """

    kind: Literal["machine"] = "machine"
    processor: str
    cores: int
    memory_gib: float
    disk_free_gib: float
    file_system: str
    kernel: str
    code: str
    packages: dict[str, dict[str, str]]


class Reading(FrozenModel):
    """What a command reports of itself.

    Attributes:
        outcome: How it ended, in its own words.
        steps: Seconds by node or step.
        row_counts: Rows that it counted itself, by split; ``csv`` in all.
        rows_seen: Training rows seen, each pass counted; None where that is not known.
        metrics: Of its model, by name.
        imports_tensorflow: Whether it imports TensorFlow; None where nobody looked.
        seconds: What counts in place of its wall time; None for that itself.
    """

    outcome: str = ""
    steps: dict[str, float] = pydantic.Field(default_factory=dict)
    row_counts: dict[str, int] = pydantic.Field(default_factory=dict)
    rows_seen: int | None = None
    metrics: dict[str, float] = pydantic.Field(default_factory=dict)
    imports_tensorflow: bool | None = None
    seconds: float | None = None


class Measurement(Reading):
    """One command, measured once.

    Attributes:
        subject: What was run; see ``benchmarks.subjects``.
        rows: Rows of its data; ``NO_ROWS`` where it reads none.
        repeat: Counted from 0.
        started_at: UTC.
        load_before: The machine's load average (one minute) just before.
        succeeded: Whether its exit code is one that it may end with.
        seconds: Wall time, or what counts in its place.
        cpu_seconds: User and system time of all its processes.
        peak_process_bytes: Peak resident memory of one process.
        peak_total_bytes: Peak memory of all processes together, shared pages counted once.
    """

    kind: Literal["measurement"] = "measurement"
    subject: str
    rows: int
    repeat: int
    started_at: datetime.datetime
    load_before: float
    exit_code: int
    succeeded: bool
    seconds: float
    cpu_seconds: float
    peak_process_bytes: int
    peak_total_bytes: int

    @property
    def key(self) -> tuple[str, int, int]:
        """What it measured."""
        return self.subject, self.rows, self.repeat


Line = Annotated[Machine | Measurement, pydantic.Field(discriminator="kind")]
_LINE: pydantic.TypeAdapter[Machine | Measurement] = pydantic.TypeAdapter(Line)


class Results:
    """Measurements, found by subject and size."""

    def __init__(self, lines: Iterable[Machine | Measurement]) -> None:
        """Sort lines, in the order written: of several of the same key, the last one counts."""
        self.machines: list[Machine] = []
        self._measurements: dict[tuple[str, int, int], Measurement] = {}
        for line in lines:
            if isinstance(line, Measurement):
                self._measurements[line.key] = line
            elif line not in self.machines:
                self.machines.append(line)

    @property
    def measurements(self) -> list[Measurement]:
        """All of them, failed ones too."""
        return list(self._measurements.values())

    def has(self, subject: str, rows: int, repeat: int) -> bool:
        """Tell whether something was measured, and succeeded."""
        found = self._measurements.get((subject, rows, repeat))
        return found is not None and found.succeeded

    def find(self, subject: str, rows: int) -> dict[int, Measurement]:
        """Find what succeeded, by repeat."""
        return {
            each.repeat: each
            for each in sorted(self._measurements.values(), key=lambda each: each.repeat)
            if (each.subject, each.rows) == (subject, rows) and each.succeeded
        }

    def list_found(self, subject: str, rows: int) -> list[Measurement]:
        """List what succeeded, by repeat."""
        return list(self.find(subject, rows).values())

    def list_sizes(self) -> list[int]:
        """List the sizes of data that something was measured on, smallest first."""
        return sorted({each.rows for each in self._measurements.values()} - {NO_ROWS})


def read_results(paths: Iterable[Path]) -> Results:
    """Read files of results, in order.

    Raises:
        ValueError: If a line is not one of results.
    """
    return Results(line for path in paths for line in _read_lines(path))


def _read_lines(path: Path) -> Iterable[Machine | Measurement]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            yield _LINE.validate_json(line)
        except pydantic.ValidationError as error:
            raise ValueError(f"{path}:{number}: expected a line of results: {error}") from error


def append_line(path: Path, line: Machine | Measurement) -> None:
    """Append a line at once, so that an interrupted suite keeps what it has."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(line.model_dump_json() + "\n")
