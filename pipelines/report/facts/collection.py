"""Gather all that is told of a run, from the metadata store, the artifacts and its folder.

Neither TensorFlow, nor TFX, nor Beam is imported: a report costs a second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pydantic

from components.data_gate.findings import InputFile
from components.data_gate.severity import DataGateSettings, load_settings
from components.examples.input_file import CSV_FILES_PROPERTY, load_input_files
from components.model_validator.settings import RowSource
from pipelines.config.layout import OutputLayout
from pipelines.metadata.run_store import RunStore, StoredArtifact, open_run_store
from pipelines.records.description import PipelineDescription, read_description
from pipelines.report.facts.card_facts import write_card
from pipelines.report.facts.data_facts import collect_data, find_output
from pipelines.report.facts.lineage_facts import trace_lineage
from pipelines.report.facts.ml_test_rubric import score_run
from pipelines.report.facts.model_facts import collect_model
from pipelines.report.facts.node_facts import collect_node, is_freed
from pipelines.report.model.data_report import DataReport
from pipelines.report.model.run_report import RunFacts, RunHeader, RunReport
from pipelines.runs.run_summary import RunSummary, find_time_span, load_summary, recover_summary
from schemas.feature_table import FeatureTable, list_tasks, load_feature_table

Outputs = Mapping[str, Sequence[StoredArtifact]]


def collect_report(
    layout: OutputLayout, run_id: str | None = None, summary: RunSummary | None = None
) -> RunReport:
    """Gather all that is told of a run.

    Args:
        run_id: The run; None for the newest.
        summary: How it ended, where that is known already; None to load it.

    Returns:
        The report; what can't be shown any more is said in its notes.

    Raises:
        UsageError: If there is no such run, or none at all.
    """
    summary = summary or load_summary(layout, run_id)
    description = read_description(layout.run(summary.run_id).description_path)
    with open_run_store(layout.metadata_store, description.name) as store:
        return _collect(store, layout, description, summary)


def collect_data_so_far(layout: OutputLayout, run_id: str) -> DataReport | None:
    """Gather what is told of the data of a run that goes on, whose DataGate has ended.

    Returns:
        The data as ``collect_report`` will give it; None where there are no statistics of it.

    Raises:
        FileNotFoundError: If there is no such run.
    """
    summary = recover_summary(layout, run_id)
    description = read_description(layout.run(run_id).description_path)
    with open_run_store(layout.metadata_store, description.name) as store:
        outputs = _list_outputs(store, description, run_id)
    table, settings = _find_table(description, []), _read_gate_settings(description, [])
    return collect_data(outputs, summary, table, settings, [])


def _collect(
    store: RunStore, layout: OutputLayout, description: PipelineDescription, summary: RunSummary
) -> RunReport:
    notes: list[str] = []
    outputs = _list_outputs(store, description, summary.run_id)
    _note_freed(outputs, notes)
    table = _find_table(description, notes)
    rows = {node.id: node for node in summary.nodes}
    nodes = tuple(
        collect_node(store, layout, summary.run_id, node, rows[node.id])
        for node in description.nodes
    )
    parameters = {node.id: node.parameters for node in nodes}
    data = collect_data(outputs, summary, table, _read_gate_settings(description, notes), notes)
    row_source = _read_row_source(description, notes)
    span = summary.data.data.span if summary.data else None
    files = summary.data.files if summary.data else _list_files(outputs, notes)
    facts = RunFacts(
        header=_create_header(description, summary, span, files),
        summary=summary,
        nodes=nodes,
        data=data,
        model=collect_model(outputs, row_source, notes) if row_source else None,
        lineage=trace_lineage(store, outputs, files, span),
        model_card=write_card(
            description, parameters.get("Trainer", {}), outputs, summary, data, table
        ),
        notes=tuple(notes),
    )
    return RunReport(
        **{name: getattr(facts, name) for name in RunFacts.model_fields},
        test_score=score_run(facts),
    )


def _list_outputs(store: RunStore, description: PipelineDescription, run_id: str) -> Outputs:
    executions = {node.id: store.find_execution(run_id, node.id) for node in description.nodes}
    return {
        node: store.list_outputs(execution)
        for node, execution in executions.items()
        if execution is not None
    }


def _note_freed(outputs: Outputs, notes: list[str]) -> None:
    freed = {
        stored.artifact.id: stored.type
        for of_node in outputs.values()
        for stored in of_node
        if is_freed(stored.artifact)
    }
    if freed:
        notes.append(
            f"{len(freed)} artifacts of the run are freed, so what they held can't be shown: "
            f"{', '.join(sorted(set(freed.values())))}"
        )


def _find_table(description: PipelineDescription, notes: list[str]) -> FeatureTable | None:
    task = next(
        (node.parameters["task"] for node in description.nodes if "task" in node.parameters), None
    )
    if task is None or task not in list_tasks():
        notes.append(f"the task {task!r} has no folder under schemas/ any more")
        return None
    return load_feature_table(task)


def _read_gate_settings(description: PipelineDescription, notes: list[str]) -> DataGateSettings:
    try:
        return load_settings(description.node("DataGate").parameters["settings"])
    except (KeyError, pydantic.ValidationError):
        notes.append("DataGate's settings are of another version, so its defaults stand for them")
        return DataGateSettings()


def _read_row_source(description: PipelineDescription, notes: list[str]) -> RowSource | None:
    try:
        return RowSource.model_validate_json(description.node("ModelValidator").parameters["rows"])
    except (KeyError, pydantic.ValidationError):
        notes.append("ModelValidator's settings are of another version: the model can't be shown")
        return None


def _list_files(outputs: Outputs, notes: list[str]) -> tuple[InputFile, ...]:
    """List the CSV files as CsvExampleGen noted them, of a run that did not get to DataGate."""
    examples = find_output(outputs, "CsvExampleGen", "examples")
    noted = examples.text(CSV_FILES_PROPERTY) if examples else ""
    try:
        files = load_input_files(noted) if noted else ()
    except pydantic.ValidationError:
        notes.append("the list of CSV files is of another version, so it can't be shown")
        return ()
    return tuple(InputFile(path=file.path, rows=file.rows, sha256=file.sha256) for file in files)


def _create_header(
    description: PipelineDescription,
    summary: RunSummary,
    span: str | None,
    files: Sequence[InputFile],
) -> RunHeader:
    times = find_time_span(summary.nodes)
    return RunHeader(
        started_at=times[0] if times else None,
        ended_at=times[1] if times else None,
        span=span,
        rows=sum(file.rows for file in files) if files else None,
        content_hash=description.content_hash,
        code_hash=description.code_hash,
        config_hash=description.config_hash,
    )
