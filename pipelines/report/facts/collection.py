"""Gather all facts about a run, from its record, its artifacts and its folder.

Neither TensorFlow, nor TFX, nor Beam is imported: a report costs a second.
"""

from __future__ import annotations

import pydantic

from components.data_gate.severity import DataGateSettings
from components.examples.input_file import CSV_FILES_PROPERTY, InputFile, load_input_files
from components.model_validator.settings import RowSource
from pipelines.config.layout import OutputLayout
from pipelines.records.description import PipelineDescription
from pipelines.records.nodes import NodeId
from pipelines.records.run_summary import RunSummary, find_time_span
from pipelines.report.facts.card_facts import write_card
from pipelines.report.facts.data_facts import collect_data
from pipelines.report.facts.lineage_facts import trace_lineage
from pipelines.report.facts.ml_test_rubric import score_run
from pipelines.report.facts.model_facts import collect_model
from pipelines.report.facts.node_facts import collect_node
from pipelines.report.model.data_report import DataReport
from pipelines.report.model.run_report import RunHeader, RunReport
from pipelines.runs.recorded_run import RecordedRun, load_run
from pipelines.runs.run_list import find_run_id
from pipelines.runs.summaries import find_summary, summarize_run
from schemas.feature_table import FeatureTable, list_tasks, load_feature_table


def collect_report(
    layout: OutputLayout, run_id: str | None = None, summary: RunSummary | None = None
) -> RunReport:
    """Gather all facts about a run; what can't be shown any more is named in its notes.

    Args:
        run_id: The run; None for the newest.
        summary: How it ended, where that is known already; None to load it.

    Raises:
        OSError: If the metadata store can't be reached.
        UsageError: If there is no such run, or none at all.
        UnreadableRecordError: If its description can't be read.
    """
    run = load_run(layout, summary.run_id if summary else find_run_id(layout, run_id))
    summary = summary or find_summary(run)
    notes = _note_freed(run)
    table = _find_table(run.description, notes)
    rows = {node.id: node for node in summary.nodes}
    nodes = tuple(collect_node(run, node, rows[node.id]) for node in run.nodes)
    parameters = {node.id: node.parameters for node in nodes}
    data = collect_data(run, summary, table, _read_gate_settings(run.description, notes), notes)
    row_source = _read_row_source(run.description, notes)
    span = summary.data.data.span if summary.data else None
    files = summary.data.files if summary.data else _list_files(run, notes)
    started_at, ended_at = find_time_span(summary.nodes) or (None, None)
    report = RunReport(
        header=RunHeader(
            started_at=started_at,
            ended_at=ended_at,
            span=span,
            rows=sum(file.rows for file in files) if files else None,
            content_hash=run.description.content_hash,
            code_hash=run.description.code_hash,
            config_hash=run.description.config_hash,
        ),
        summary=summary,
        nodes=nodes,
        data=data,
        model=collect_model(run, row_source, notes) if row_source else None,
        lineage=trace_lineage(run, files, span),
        model_card=write_card(run, parameters.get(NodeId.TRAINER, {}), summary, data, table),
        notes=tuple(notes),
    )
    return report.model_copy(update={"test_score": score_run(report)})


def collect_data_so_far(layout: OutputLayout, run_id: str) -> DataReport | None:
    """Gather the facts about the data of a run that goes on, as ``collect_report`` will.

    Raises:
        FileNotFoundError: If there is no such run.
    """
    run = load_run(layout, run_id)
    table, settings = _find_table(run.description, []), _read_gate_settings(run.description, [])
    return collect_data(run, summarize_run(run), table, settings, [])


def _note_freed(run: RecordedRun) -> list[str]:
    freed = {stored.id: stored.type for stored in run.outputs if stored.is_freed}
    types = ", ".join(sorted(set(freed.values())))
    note = f"{len(freed)} artifacts of the run are freed, so what they held can't be shown: {types}"
    return [note] if freed else []


def _find_table(description: PipelineDescription, notes: list[str]) -> FeatureTable | None:
    tasks = (node.parameters["task"] for node in description.nodes if "task" in node.parameters)
    task = next(tasks, None)
    if task is None or task not in list_tasks():
        notes.append(f"the task {task!r} has no folder under schemas/ any more")
        return None
    return load_feature_table(task)


def _read_gate_settings(description: PipelineDescription, notes: list[str]) -> DataGateSettings:
    try:
        settings = description.node(NodeId.DATA_GATE).parameters["settings"]
        return DataGateSettings.model_validate_json(settings)
    except (KeyError, pydantic.ValidationError):
        notes.append("DataGate's settings are of another version, so its defaults are used instead")
        return DataGateSettings()


def _read_row_source(description: PipelineDescription, notes: list[str]) -> RowSource | None:
    try:
        rows = description.node(NodeId.MODEL_VALIDATOR).parameters["rows"]
        return RowSource.model_validate_json(rows)
    except (KeyError, pydantic.ValidationError):
        notes.append("ModelValidator's settings are of another version: the model can't be shown")
        return None


def _list_files(run: RecordedRun, notes: list[str]) -> tuple[InputFile, ...]:
    """List the CSV files as CsvExampleGen recorded them, of a run that did not reach DataGate."""
    examples = run.find_output(NodeId.CSV_EXAMPLE_GEN, "examples")
    recorded = examples.text(CSV_FILES_PROPERTY) if examples else ""
    try:
        return load_input_files(recorded) if recorded else ()
    except pydantic.ValidationError:
        notes.append("the list of CSV files is of another version, so it can't be shown")
        return ()
