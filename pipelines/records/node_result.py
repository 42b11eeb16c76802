"""How one node of one run ended; plain Python."""

from __future__ import annotations

import datetime
import enum

import pydantic

from components.problem import Problem
from components.pusher.pushed_model import PushedVersion
from components.record import FORMAT_VERSION, Record
from pipelines.records.exit_code import ExitCode


class NodeState(str, enum.Enum):
    """How a node ended."""

    DONE = "done"
    """It ran, or resolved what it was asked for."""
    CACHED = "cached"
    """Nothing that it depends on had changed: the earlier outputs stand."""
    DATA_REFUSED = "data refused"
    MODEL_REFUSED = "model refused"
    FAILED = "failed"
    SKIPPED = "skipped"
    """It was not started, because of what happened before it or by request."""


class Rows(Record):
    """Rows that a node was given, and those that it wrote or measured, by split."""

    read: dict[str, int] = pydantic.Field(default_factory=dict)
    written: dict[str, int] = pydantic.Field(default_factory=dict)


class NodeResult(Record):
    """How one node of one run ended.

    Attributes:
        started_at: When it started, UTC; None where it did not, or it is not known.
        seconds: Wall time, from its start to its end.
        cached: Whether its outputs are an earlier run's.
        pushed: The model that it put in place or found there; None for other nodes.
    """

    id: str
    state: NodeState
    started_at: datetime.datetime | None = None
    seconds: float = 0.0
    cached: bool = False
    rows: Rows = Rows()
    problems: tuple[Problem, ...] = ()
    log: str | None = None
    pushed: PushedVersion | None = None
    format_version: int = FORMAT_VERSION

    @property
    def is_good(self) -> bool:
        """Whether nodes downstream may start."""
        return self.state in (NodeState.DONE, NodeState.CACHED)

    @property
    def exit_code(self) -> ExitCode:
        """The exit code of a process that ran this node alone."""
        return ExitCode.of(self.state)
