"""Summarize a run, and load the summary of one that has ended."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from components.model_validator.validation import Validation
from components.pusher.pushed_model import PushedVersion
from components.record_file import UnreadableRecordError, find_record
from pipelines.config.layout import OutputLayout
from pipelines.records.node_result import NodeResult, NodeState
from pipelines.records.nodes import NodeId
from pipelines.records.run_summary import NodeSummary, RunSummary, Verdict, find_time_span
from pipelines.runs.recorded_run import RecordedRun, load_run
from pipelines.runs.run_list import find_run_id

_logger = logging.getLogger(__name__)

_MAX_GATES = 3


def summarize_run(
    run: RecordedRun,
    results: Sequence[NodeResult] = (),
    seconds: float | None = None,
    interrupted: bool = False,
) -> RunSummary:
    """Summarize a run, however far it got.

    Args:
        results: How the nodes ended, as who ran them saw it; by default, as it is recorded.
        seconds: Wall time; by default, from the first node's start to the last one's end.
    """
    results = results or [node.result for node in run.nodes]
    span = find_time_span(results)
    if seconds is None:
        seconds = (span[1] - span[0]).total_seconds() if span else 0.0
    validation, push = run.validation, run.push
    verdict, reason = _judge_run(run, results, interrupted)
    page = run.layout.report_path(run.run_id)
    return RunSummary(
        run_id=run.run_id,
        pipeline=run.description.name,
        verdict=verdict,
        reason=reason,
        interrupted=interrupted,
        seconds=round(seconds, 3),
        nodes=tuple(map(NodeSummary.of, results)),
        problems=tuple(
            problem
            for result in results
            if result.state is not NodeState.MODEL_REFUSED
            for problem in result.problems
        ),
        anomalies=run.anomalies,
        data=run.data_verdict,
        metrics=validation.metrics if validation else (),
        has_champion=validation is not None and validation.baseline is not None,
        gates=validation.gates if validation else (),
        pushed_version=push.version if push else None,
        output_root=str(run.layout.root),
        report=str(page) if page.is_file() else None,
    )


def load_summary(layout: OutputLayout, run_id: str | None = None) -> RunSummary:
    """Load a run's summary; None for the newest run's.

    Returns:
        The summary as it was written when the run ended; for a run that was killed, or whose
        summary another version wrote, what the metadata store shows.

    Raises:
        OSError: If the metadata store can't be reached.
        UsageError: If there is no such run, or none at all.
        UnreadableRecordError: If neither its summary nor its description can be read.
    """
    return load_listed_summary(layout, find_run_id(layout, run_id))


def load_listed_summary(layout: OutputLayout, run_id: str) -> RunSummary:
    """Load the summary of a run that is known to be there, as ``load_summary``.

    Raises:
        OSError: If the run is gone, or the metadata store can't be reached.
        UnreadableRecordError: If neither its summary nor its description can be read.
    """
    return _find_saved_summary(layout, run_id) or summarize_run(load_run(layout, run_id))


def find_summary(run: RecordedRun) -> RunSummary:
    """Find the summary of a run that is loaded already, as ``load_summary``."""
    return _find_saved_summary(run.layout, run.run_id) or summarize_run(run)


def _find_saved_summary(layout: OutputLayout, run_id: str) -> RunSummary | None:
    """Read the summary that was written when a run ended; None where none can be read."""
    try:
        return find_record(RunSummary, layout.run(run_id).summary_path)
    except UnreadableRecordError as error:
        _logger.warning("%s; showing what the store has instead", error)
        return None


def _judge_run(  # noqa: PLR0911 - one return per verdict
    run: RecordedRun, results: Sequence[NodeResult], interrupted: bool
) -> tuple[Verdict, str]:
    validation, push, not_asked_for = run.validation, run.push, run.description.not_asked_for
    # The first in each state: what came after it may have followed from it.
    states = {
        result.state: result for result in reversed(results) if result.id not in not_asked_for
    }
    if interrupted:
        return Verdict.FAILED, f"stopped by the user; {_describe_push(push)}"
    if failed := states.get(NodeState.FAILED):
        return Verdict.FAILED, f"{failed.id} failed; {_describe_push(push, failed.id)}"
    if refusal := states.get(NodeState.DATA_REFUSED):
        count = len(refusal.problems)
        return Verdict.DATA_REFUSED, (
            f"{refusal.id} refused the data for {count} problem{'s' * (count > 1)}; "
            "nothing was pushed"
        )
    if NodeState.MODEL_REFUSED in states and validation is not None:
        return Verdict.MODEL_REFUSED, f"{_describe_refusal(validation)}; nothing was pushed"
    if push is not None:
        how = "is in place" if push.is_new else "was in place already: the model is the same"
        return Verdict.PUSHED, f"version {push.version} {how}{_describe_absence(validation)}"
    if skipped := states.get(NodeState.SKIPPED):
        return Verdict.FAILED, f"{skipped.id} was not run; nothing was pushed"
    if not_asked_for:
        return Verdict.PARTIAL, "the nodes asked for are done; nothing was pushed"
    return Verdict.FAILED, "every node is done and nothing was pushed"


def _describe_refusal(validation: Validation) -> str:
    """Name the gates that refused a model, the first few of them."""
    names = list(dict.fromkeys(gate.name for gate in validation.refusing_gates))
    if not names:
        return f"no gate passed: {validation.summary}"
    more = f" and {len(names) - _MAX_GATES} more" if len(names) > _MAX_GATES else ""
    gates = "1 gate" if len(names) == 1 else f"{len(names)} gates"
    named = f"{', '.join(names[:_MAX_GATES])}{more}"
    return f"{gates} refused the model: {named}{_describe_absence(validation)}"


def _describe_absence(validation: Validation | None) -> str:
    """Add a note where the candidate was judged without a champion."""
    if validation is None or validation.baseline is not None:
        return ""
    return f"; {validation.comparison}"


def _describe_push(push: PushedVersion | None, failed_id: str | None = None) -> str:
    """Describe what a run pushed that failed; a Pusher may die between pushing and recording it."""
    if push is not None:
        return f"version {push.version} is in place"
    if failed_id == NodeId.PUSHER:
        return "no push is recorded; run it again to record a version that it has left in place"
    return "nothing was pushed"
