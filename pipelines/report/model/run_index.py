"""The facts about all runs together."""

from __future__ import annotations

import datetime

from components.frozen_model import FrozenModel
from pipelines.records.run_summary import RunSummary
from pipelines.runs.champion import ChampionState


class IndexedRun(FrozenModel):
    """One run among others.

    Attributes:
        started_at: When its first node started, UTC; None where none did.
        span: First day of its span, ``YYYY-MM-DD``; None where its data was not read as a span.
        rows: Rows of its CSV files; None where they were not counted.
        page: Its page from the index's folder, such as ``<run_id>/index.html``; None where it has
            none.
    """

    summary: RunSummary
    started_at: datetime.datetime | None
    span: str | None
    rows: int | None
    page: str | None


class ChampionStep(FrozenModel):
    """One event in the champion's history.

    Attributes:
        when: UTC; None where it is not known.
        what: ``pushed``, ``rollback``, ``reset`` or ``recovered``.
        version: The champion since then; None for a reset, and where none was in place.
        run_id: Run that pushed it; None for a change without a push.
        who: User and machine of a change; empty for a push.
        reason: Why, in the words of the person or command that made the change, or the run's.
    """

    when: datetime.datetime | None
    what: str
    version: int | None
    run_id: str | None
    who: str
    reason: str


class RunIndex(FrozenModel):
    """All runs of an output root.

    Attributes:
        runs: Every run, oldest first.
        champion: None where nothing has run.
        history: The champion's history, oldest first: new versions and other changes.
        notes: Runs that could not be read and why, one sentence each.
    """

    pipeline: str
    output_root: str
    runs: tuple[IndexedRun, ...]
    champion: ChampionState | None
    history: tuple[ChampionStep, ...]
    notes: tuple[str, ...]
