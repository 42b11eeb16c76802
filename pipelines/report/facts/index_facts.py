"""Gather the facts about all runs together."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator

from components.record_file import UnreadableRecordError
from pipelines.config.layout import OutputLayout
from pipelines.records.run_summary import RunSummary, find_time_span
from pipelines.report.model.run_index import ChampionStep, IndexedRun, RunIndex
from pipelines.runs.champion import ChampionState, open_champion
from pipelines.runs.run_list import list_some_runs
from pipelines.runs.summaries import load_listed_summary

_EARLIEST = datetime.datetime.min.replace(tzinfo=datetime.timezone.utc)


def collect_index(layout: OutputLayout) -> RunIndex:
    """Gather the facts about all runs of an output root; the notes name those it can't read.

    Raises:
        OSError: If the metadata store can't be reached.
        UsageError: If there are no runs.
        UnreadableRecordError: If none can be read.
    """
    found = list_some_runs(layout)
    runs: list[IndexedRun] = []
    notes = list(found.unreadable.values())
    for run_id in found.run_ids:
        try:
            runs.append(_index(layout, load_listed_summary(layout, run_id)))
        except (OSError, UnreadableRecordError) as error:
            notes.append(f"run {run_id}: {error}")
    pipeline = found.runs[-1].pipeline
    champion = None
    if layout.has_metadata_store:
        with open_champion(layout, pipeline) as store:
            champion = store.show()
    return RunIndex(
        pipeline=pipeline,
        output_root=str(layout.root),
        runs=tuple(runs),
        champion=champion,
        history=tuple(sorted(_list_steps(runs, champion), key=lambda step: step.when or _EARLIEST)),
        notes=tuple(notes),
    )


def _index(layout: OutputLayout, summary: RunSummary) -> IndexedRun:
    data = summary.data
    started_at, _ = find_time_span(summary.nodes) or (None, None)
    page = layout.report_path(summary.run_id)
    return IndexedRun(
        summary=summary,
        started_at=started_at,
        span=data.data.span if data else None,
        rows=sum(file.rows for file in data.files) if data else None,
        page=page.relative_to(layout.reports_directory).as_posix() if page.is_file() else None,
    )


def _list_steps(
    runs: Iterable[IndexedRun], champion: ChampionState | None
) -> Iterator[ChampionStep]:
    """List the first push of each version, and all other changes of the champion."""
    pushes: dict[int | None, IndexedRun] = {}
    for run in runs:
        pushes.setdefault(run.summary.pushed_version, run)
    pushes.pop(None, None)
    for version, run in pushes.items():
        yield ChampionStep(
            when=run.started_at,
            what="pushed",
            version=version,
            run_id=run.summary.run_id,
            who="",
            reason=run.summary.reason,
        )
    for change in champion.changes if champion else ():
        yield ChampionStep(
            when=datetime.datetime.fromisoformat(change.when),
            what=change.action.value,
            version=change.version,
            run_id=None,
            who=change.who,
            reason=change.reason,
        )
