"""Plug the gate into TFX: the component ``DataGate``."""

# No `from __future__ import annotations`: TFX's @component reads the annotations as objects.
from collections.abc import Sequence
from pathlib import Path

from tfx.components.example_gen import utils as example_gen_utils
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types import Artifact, artifact_utils
from tfx.types.standard_artifacts import ExampleAnomalies, Examples, ExampleStatistics, Schema

from components.curated_schema.schema_file import SCHEMA_FILE_NAME
from components.data_gate.evidence import Evidence, PreviousData
from components.data_gate.findings import (
    ACCEPTED_PROPERTY,
    EXAMPLES_ID_PROPERTY,
    FILE_NAME,
    SPAN_PROPERTY,
    STATISTICS_ID_PROPERTY,
    DataReference,
    read_verdict,
)
from components.data_gate.gate import judge_data
from components.data_gate.label_counts import count_labels
from components.data_gate.latest_accepted import DataVerdictArtifact
from components.data_gate.published_anomalies import load_anomalies
from components.data_gate.severity import DataGateSettings
from components.examples.input_file import (
    CSV_FILES_PROPERTY,
    InputFile,
    hash_file,
    load_input_files,
)
from components.problem import DataRefusedError, Problem
from components.record_file import write_record
from components.spans import name_span
from components.statistics_gen.column_limits import load_schema, read_limits
from components.statistics_gen.feature_statistics import load_split_summary
from schemas.feature_table import load_feature_table


@component
def DataGate(  # noqa: N802 - TFX names components like classes
    examples: InputArtifact[Examples],
    statistics: InputArtifact[ExampleStatistics],
    anomalies: InputArtifact[ExampleAnomalies],
    schema: InputArtifact[Schema],
    verdict: OutputArtifact[DataVerdictArtifact],
    settings: Parameter[str],
    task: Parameter[str],
    previous_statistics: InputArtifact[ExampleStatistics] = None,
    previous_verdict: InputArtifact[DataVerdictArtifact] = None,
) -> None:
    """Judge the data and write the verdict, even where it refuses: a refusal is no failure.

    Args:
        examples: Rows, as CsvExampleGen wrote them.
        anomalies: What ExampleValidator published; it is read, and stays as it is.
        verdict: Where the verdict goes: ``verdict.json``, and the property ``accepted``.
        settings: Severities and limits, the JSON of ``DataGateSettings``.
        task: Folder under ``schemas/`` whose feature table makes the label.
        previous_statistics: Statistics of the data accepted last, if there is any.
        previous_verdict: The verdict that accepted it.

    Raises:
        DataRefusedError: If a CSV file is no longer what CsvExampleGen read.
        FileNotFoundError: If an artifact lacks a split.
        ValueError: If only one of the previous artifacts is given, or settings or schema do not
            fit the data.
    """
    gate_settings = DataGateSettings.model_validate_json(settings)
    table = load_feature_table(task)
    splits = artifact_utils.decode_split_names(statistics.split_names)
    span = examples.get_int_custom_property(example_gen_utils.SPAN_PROPERTY_NAME)
    evidence = Evidence(
        # TFX notes the span on the examples, not on their statistics.
        data=DataReference(
            statistics_id=statistics.id, statistics_uri=statistics.uri, span=name_span(span)
        ),
        files=load_input_files(examples.get_string_custom_property(CSV_FILES_PROPERTY)),
        limits=read_limits(load_schema(Path(schema.uri, SCHEMA_FILE_NAME))),
        splits={split: load_split_summary(Path(statistics.uri), split) for split in splits},
        anomalies=load_anomalies(Path(anomalies.uri), splits),
        labels=tuple(
            count_labels(Path(examples.uri), split, table)
            for split in artifact_utils.decode_split_names(examples.split_names)
        ),
        label_name=table.label.name,
        previous=_load_previous(
            previous_statistics, previous_verdict, gate_settings.training_split
        ),
    )
    _check_unchanged(evidence.files)
    judged = judge_data(evidence, gate_settings)
    write_record(judged, Path(verdict.uri, FILE_NAME))
    verdict.set_int_custom_property(ACCEPTED_PROPERTY, int(judged.accepted))
    verdict.set_int_custom_property(STATISTICS_ID_PROPERTY, statistics.id)
    verdict.set_int_custom_property(EXAMPLES_ID_PROPERTY, examples.id)
    verdict.set_int_custom_property(SPAN_PROPERTY, span)


def _check_unchanged(files: Sequence[InputFile]) -> None:
    problems = tuple(
        Problem(
            rule="file changed",
            message=f"{file.path}: has changed since CsvExampleGen read it; leave the input alone "
            "during a run, and run again",
            file=file.path,
        )
        for file in files
        if not Path(file.path).is_file() or hash_file(file.path) != file.sha256
    )
    if problems:
        raise DataRefusedError(problems)


def _load_previous(
    statistics: Artifact | None, verdict: Artifact | None, split: str
) -> PreviousData | None:
    if (statistics is None) != (verdict is None):
        raise ValueError(
            f"previous statistics given: {statistics is not None}, previous verdict given: "
            f"{verdict is not None}; DataGate must get both from the same resolver"
        )
    if statistics is None or verdict is None:
        return None
    accepted = read_verdict(Path(verdict.uri))
    return PreviousData(
        reference=accepted.data,
        training=load_split_summary(Path(statistics.uri), split),
        files=accepted.files,
    )
