"""The summary of a run: one typed model behind the screen, the JSON and ``show``."""

from __future__ import annotations

import contextlib
import datetime
import enum
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import pydantic

from components.data_gate.findings import ARTIFACT_TYPE, DataVerdict, read_verdict
from components.metrics.evaluation import MetricComparison
from components.model_validator.gate_result import GateResult
from components.model_validator.validation import Validation, find_validation
from components.record import FORMAT_VERSION, Record
from components.record_file import UnreadableRecordError, read_record
from pipelines.config.layout import OutputLayout
from pipelines.metadata.run_store import StoredArtifact, open_run_store
from pipelines.records.anomalies import Anomaly, read_anomalies
from pipelines.records.description import PipelineDescription, read_description
from pipelines.records.exit_code import ExitCode
from pipelines.records.node_result import NodeResult, NodeState, Problem
from pipelines.runs.run_list import find_run_id

_logger = logging.getLogger(__name__)

_PUSHER_ID = "Pusher"
_MOST_GATES = 3


class Verdict(str, enum.Enum):
    """How a run ended."""

    PUSHED = "pushed"
    DATA_REFUSED = "data_refused"
    MODEL_REFUSED = "model_refused"
    FAILED = "failed"
    PARTIAL = "partial"
    """Only a part was asked for, with ``--from`` or ``--to``, and that part is done."""

    @property
    def exit_code(self) -> ExitCode:
        """The exit code of a run with this verdict."""
        return {
            Verdict.DATA_REFUSED: ExitCode.DATA_REFUSED,
            Verdict.MODEL_REFUSED: ExitCode.MODEL_REFUSED,
            Verdict.FAILED: ExitCode.FAILED,
        }.get(self, ExitCode.DONE)


class NodeRow(Record):
    """One node in the summary.

    Attributes:
        started_at: When it started, UTC; None where it did not.
        seconds: Wall time.
        cached: Whether its outputs are an earlier run's.
        rows_in: Rows read, by split.
        rows_out: Rows written or measured, by split.
        log: Path of its log.
    """

    id: str
    state: NodeState
    started_at: datetime.datetime | None = None
    seconds: float
    cached: bool
    rows_in: dict[str, int]
    rows_out: dict[str, int]
    log: str | None


class RunSummary(Record):
    """How a run ended, and where things are.

    Attributes:
        reason: Why, in one line.
        interrupted: Whether the user stopped it.
        seconds: Wall time of the run; from its first node's start to its last one's end where the
            run itself left no summary, as under a scheduler.
        nodes: Every node, in order.
        problems: Why data was refused or a node failed.
        anomalies: What ExampleValidator found.
        data: What DataGate found and decided; None where it did not get that far.
        metrics: Overall metrics.
        gates: Every gate on every slice that it judged.
        pushed_version: Version of the pushed model under ``serving/``.
        report: Path of the run's report, once there is one.
    """

    run_id: str
    pipeline: str
    verdict: Verdict
    reason: str
    interrupted: bool = False
    seconds: float
    nodes: tuple[NodeRow, ...]
    problems: tuple[Problem, ...] = ()
    anomalies: tuple[Anomaly, ...] = ()
    data: DataVerdict | None = None
    metrics: tuple[MetricComparison, ...] = ()
    has_champion: bool = False
    gates: tuple[GateResult, ...] = ()
    pushed_version: int | None = None
    output_root: str
    report: str | None = None
    format_version: int = FORMAT_VERSION


def summarize_run(
    layout: OutputLayout,
    description: PipelineDescription,
    run_id: str,
    results: Sequence[NodeResult],
    seconds: float,
    interrupted: bool,
) -> RunSummary:
    """Summarize a run that has just ended."""
    artifacts = _list_outputs(layout, description, run_id)
    validation = _find_validation(artifacts)
    push = next((stored for stored in artifacts if stored.type == "PushedModel"), None)
    pushed = push is not None and bool(push.integer("pushed"))
    version = int(push.text("pushed_version")) if push is not None and pushed else None
    is_new = push is not None and bool(push.integer("newly_pushed"))
    asked_for = [result for result in results if result.id not in description.not_asked_for]
    is_partial = bool(description.not_asked_for)
    verdict, reason = _judge_run(asked_for, is_partial, validation, version, is_new, interrupted)
    return RunSummary(
        run_id=run_id,
        pipeline=description.name,
        verdict=verdict,
        reason=reason,
        interrupted=interrupted,
        seconds=round(seconds, 3),
        nodes=tuple(_create_row(result) for result in results),
        problems=tuple(
            problem
            for result in results
            if result.state is not NodeState.MODEL_REFUSED
            for problem in result.problems
        ),
        anomalies=tuple(_list_anomalies(artifacts)),
        data=_find_data_verdict(artifacts),
        metrics=validation.metrics if validation else (),
        has_champion=validation is not None and validation.baseline is not None,
        gates=validation.gates if validation else (),
        pushed_version=version,
        output_root=str(layout.root),
    )


def find_time_span(
    nodes: Sequence[NodeResult | NodeRow],
) -> tuple[datetime.datetime, datetime.datetime] | None:
    """Find when a run's first node started and its last one ended.

    Returns:
        Both times, UTC; None where no node started.
    """
    spans = [
        (node.started_at, node.started_at + datetime.timedelta(seconds=node.seconds))
        for node in nodes
        if node.started_at is not None
    ]
    if not spans:
        return None
    return min(start for start, _ in spans), max(end for _, end in spans)


def load_summary(layout: OutputLayout, run_id: str | None = None) -> RunSummary:
    """Load a run's summary.

    Args:
        run_id: The run; None for the newest.

    Returns:
        The summary as it was written when the run ended; for a run that was killed, or whose
        summary another version wrote, what the metadata store tells.

    Raises:
        UsageError: If there is no such run, or none at all.
        UnreadableRecordError: If neither its summary nor its description can be read.
    """
    return load_listed_summary(layout, find_run_id(layout, run_id))


def load_listed_summary(layout: OutputLayout, run_id: str) -> RunSummary:
    """Load the summary of a run that is known to be there, as ``load_summary``.

    Raises:
        OSError: If the run is gone.
        UnreadableRecordError: If neither its summary nor its description can be read.
    """
    kept = _find_kept_summary(layout.run(run_id).summary_path)
    return kept or recover_summary(layout, run_id)


def recover_summary(layout: OutputLayout, run_id: str) -> RunSummary:
    """Sum a run up from what the metadata store tells.

    Returns:
        The summary; its seconds are from its first node's start to its last one's end.

    Raises:
        OSError: If the run was never compiled, or the store can't be reached.
        UnreadableRecordError: If its description can't be read.
    """
    description = read_description(layout.run(run_id).description_path)
    results = [NodeResult(id=node.id, state=NodeState.SKIPPED) for node in description.nodes]
    if layout.has_metadata_store:
        with open_run_store(layout.metadata_store, description.name) as store:
            results = [store.read_result(run_id, result.id) or result for result in results]
    summary = summarize_run(
        layout, description, run_id, results, _measure_seconds(results), interrupted=False
    )
    page = layout.report_path(run_id)
    return summary.model_copy(update={"report": str(page) if page.is_file() else None})


def _measure_seconds(results: Sequence[NodeResult]) -> float:
    """Measure the time from the first node's start to the last one's end."""
    span = find_time_span(results)
    return (span[1] - span[0]).total_seconds() if span else 0.0


def _find_kept_summary(path: Path) -> RunSummary | None:
    """Read a summary; None where there is none that this version reads."""
    try:
        return read_record(RunSummary, path)
    except FileNotFoundError:
        return None
    except UnreadableRecordError as error:
        _logger.warning("%s; shown is what the metadata store tells", error)
        return None


def _judge_run(  # noqa: PLR0911 - a verdict each
    results: Sequence[NodeResult],
    is_partial: bool,
    validation: Validation | None,
    version: int | None,
    is_new: bool,
    interrupted: bool,
) -> tuple[Verdict, str]:
    # The first in each state: what came after it may have followed from it.
    states = {result.state: result for result in reversed(results)}
    if interrupted:
        return Verdict.FAILED, f"stopped by the user; {_say_pushed(version)}"
    if NodeState.FAILED in states:
        failed_id = states[NodeState.FAILED].id
        return Verdict.FAILED, f"{failed_id} failed; {_say_pushed(version, failed_id)}"
    if NodeState.DATA_REFUSED in states:
        refusal = states[NodeState.DATA_REFUSED]
        count = len(refusal.problems)
        return Verdict.DATA_REFUSED, (
            f"{refusal.id} refused the data for {count} problem{'s' * (count > 1)}; "
            "nothing was pushed"
        )
    if NodeState.MODEL_REFUSED in states and validation is not None:
        return Verdict.MODEL_REFUSED, f"{_say_refusal(validation)}; nothing was pushed"
    if version is not None:
        how = "is in place" if is_new else "was in place already: the model is the same"
        return Verdict.PUSHED, f"version {version} {how}{_say_alone(validation)}"
    if NodeState.SKIPPED in states:
        return Verdict.FAILED, f"{states[NodeState.SKIPPED].id} was not run; nothing was pushed"
    if is_partial:
        return Verdict.PARTIAL, "the nodes asked for are done; nothing was pushed"
    return Verdict.FAILED, "every node is done and nothing was pushed"


def _say_refusal(validation: Validation) -> str:
    """Name the gates that refused a model, the first few of them."""
    names = list(dict.fromkeys(gate.name for gate in validation.refusing_gates))
    if not names:
        return f"no gate passed: {validation.summary}"
    more = f" and {len(names) - _MOST_GATES} more" if len(names) > _MOST_GATES else ""
    gates = "1 gate" if len(names) == 1 else f"{len(names)} gates"
    named = f"{', '.join(names[:_MOST_GATES])}{more}"
    return f"{gates} refused the model: {named}{_say_alone(validation)}"


def _say_alone(validation: Validation | None) -> str:
    """Say it where the candidate was judged without a champion."""
    if validation is None or validation.baseline is not None:
        return ""
    return f"; {validation.comparison}"


def _say_pushed(version: int | None, failed_id: str | None = None) -> str:
    """Say what a run pushed that did not end well; a Pusher may die between pushing and telling."""
    if version is not None:
        return f"version {version} is in place"
    if failed_id == _PUSHER_ID:
        return "no push is recorded; run it again to record a version that it has left in place"
    return "nothing was pushed"


def _list_outputs(
    layout: OutputLayout, description: PipelineDescription, run_id: str
) -> list[StoredArtifact]:
    """List what the nodes of a run put out; nothing where no node got as far as the store."""
    if not layout.has_metadata_store:
        return []
    with open_run_store(layout.metadata_store, description.name) as store:
        executions = [store.find_execution(run_id, node.id) for node in description.nodes]
        return [
            stored
            for execution in executions
            if execution is not None
            for stored in store.list_outputs(execution)
        ]


def _find_validation(artifacts: Sequence[StoredArtifact]) -> Validation | None:
    """Find what ModelValidator wrote; None where it is gone, or of another version."""
    for stored in artifacts:
        if stored.key == "blessing":
            with contextlib.suppress(UnreadableRecordError):
                validation = find_validation(stored.path)
                if validation is not None:
                    return validation
    return None


def _find_data_verdict(artifacts: Sequence[StoredArtifact]) -> DataVerdict | None:
    """Find what DataGate wrote; None where it is gone, or of another version."""
    for stored in artifacts:
        if stored.type == ARTIFACT_TYPE:
            with contextlib.suppress(FileNotFoundError, pydantic.ValidationError):
                return read_verdict(stored.path)
    return None


def _list_anomalies(artifacts: Sequence[StoredArtifact]) -> Iterator[Anomaly]:
    for stored in artifacts:
        if stored.type == "ExampleAnomalies" and stored.path.is_dir():
            yield from read_anomalies(stored.path, stored.split_names)


def _create_row(result: NodeResult) -> NodeRow:
    return NodeRow(
        id=result.id,
        state=result.state,
        started_at=result.started_at,
        seconds=result.seconds,
        cached=result.cached,
        rows_in=result.rows.read,
        rows_out=result.rows.written,
        log=result.log,
    )
