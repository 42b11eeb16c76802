"""Which runs there are, without reading how any of them ended."""

from __future__ import annotations

import dataclasses
import logging
from pathlib import Path

import pydantic

from components.record import Record
from components.record_file import UnreadableRecordError, read_record
from pipelines.config.layout import OutputLayout
from pipelines.records.errors import UsageError

_logger = logging.getLogger(__name__)


class _Compiled(Record):
    """The part of a description that listing a run takes; quicker to read than all of it."""

    compiled_at: pydantic.AwareDatetime
    name: str


@dataclasses.dataclass(frozen=True)
class ListedRun:
    """A run that got as far as being compiled."""

    compiled_at: pydantic.AwareDatetime
    run_id: str
    pipeline: str


@dataclasses.dataclass(frozen=True)
class RunList:
    """The runs of an output root, oldest first, and why each of the others can't be read, by id."""

    runs: tuple[ListedRun, ...]
    unreadable: dict[str, str]

    @property
    def run_ids(self) -> list[str]:
        """Ids of the runs, oldest first."""
        return [run.run_id for run in self.runs]


def list_runs(layout: OutputLayout) -> RunList:
    """List the runs of an output root; none where nothing has run.

    Raises:
        OSError: If a description can't be read.
    """
    runs: list[ListedRun] = []
    unreadable: dict[str, str] = {}
    for run_id, path in sorted(_find_descriptions(layout).items()):
        try:
            compiled = read_record(_Compiled, path)
        except UnreadableRecordError as error:
            unreadable[run_id] = str(error)
        else:
            runs.append(ListedRun(compiled.compiled_at, run_id, compiled.name))
    return RunList(tuple(sorted(runs, key=lambda run: run.compiled_at)), unreadable)


def list_some_runs(layout: OutputLayout) -> RunList:
    """List the runs of an output root where there must be some; as ``list_runs``.

    Raises:
        UsageError: If there are none.
        UnreadableRecordError: If none can be read.
    """
    found = list_runs(layout)
    if found.runs:
        return found
    for problem in found.unreadable.values():
        raise UnreadableRecordError(problem)
    raise UsageError(f"no runs in {layout.runs_directory}; `run` makes one")


def find_run_id(layout: OutputLayout, run_id: str | None) -> str:
    """Find a run; None for the newest.

    Raises:
        UsageError: If there is no such run, or none at all.
        UnreadableRecordError: If the newest is asked for, and no run can be read.
    """
    if run_id is not None and (known := _find_descriptions(layout)):
        if run_id not in known:
            raise UsageError(f"run: got {run_id!r}, expected one of those that `runs` lists")
        return run_id
    found = list_some_runs(layout)
    for problem in found.unreadable.values():
        _logger.warning("%s; there may be a later run than the one shown", problem)
    return found.runs[-1].run_id


def _find_descriptions(layout: OutputLayout) -> dict[str, Path]:
    """Find the descriptions of compiled runs, by run id."""
    return {path.parent.name: path for path in layout.runs_directory.glob("*/description.json")}
