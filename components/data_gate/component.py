"""Plug the gate into TFX: the component ``DataGate``."""

# No `from __future__ import annotations`: TFX's @component reads the annotations as objects.
import datetime
from collections.abc import Sequence
from pathlib import Path

from tfx.components.example_gen import utils as example_gen_utils
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types import Artifact, artifact_utils
from tfx.types.standard_artifacts import (
    ExampleAnomalies,
    Examples,
    ExampleStatistics,
    Schema,
)

from components.curated_schema.schema_file import SCHEMA_FILE_NAME
from components.data_gate.artifact import DataVerdictArtifact
from components.data_gate.evidence import Evidence, PreviousData
from components.data_gate.findings import (
    ACCEPTED_PROPERTY,
    EXAMPLES_ID_PROPERTY,
    SPAN_PROPERTY,
    STATISTICS_ID_PROPERTY,
    DataReference,
    InputFile,
    read_verdict,
    write_verdict,
)
from components.data_gate.gate import judge_data
from components.data_gate.label_counts import count_labels
from components.data_gate.published_anomalies import load_anomalies
from components.data_gate.severity import load_settings
from components.data_refusal import DataProblem, DataRefusedError
from components.examples.input_file import CSV_FILES_PROPERTY, hash_file, load_input_files
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
    """Judge the data and write the verdict, also where it refuses: that is no failure here.

    Args:
        examples: Rows, as CsvExampleGen wrote them.
        anomalies: What ExampleValidator published; it is read, and stays as it is.
        schema: The curated schema.
        verdict: Where the verdict goes: ``verdict.json``, and the property ``accepted``.
        settings: Severities and limits, as ``dump_settings`` writes them.
        task: Folder under ``schemas/`` whose feature table makes the label.
        previous_statistics: Statistics of the data accepted last, if there is any.
        previous_verdict: The verdict that accepted it.

    Raises:
        DataRefusedError: If a CSV file is no longer what CsvExampleGen read.
        FileNotFoundError: If an artifact lacks a split.
        ValueError: If only one of the previous artifacts is given, or settings or schema do not
            fit the data.
    """
    gate_settings = load_settings(settings)
    table = load_feature_table(task)
    splits = artifact_utils.decode_split_names(statistics.split_names)
    span = examples.get_int_custom_property(example_gen_utils.SPAN_PROPERTY_NAME)
    evidence = Evidence(
        data=_refer_to(statistics, span),
        files=_list_files(examples),
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
    directory = Path(verdict.uri)
    directory.mkdir(parents=True, exist_ok=True)
    write_verdict(judged, directory)
    verdict.set_int_custom_property(ACCEPTED_PROPERTY, int(judged.accepted))
    verdict.set_int_custom_property(STATISTICS_ID_PROPERTY, statistics.id)
    verdict.set_int_custom_property(EXAMPLES_ID_PROPERTY, examples.id)
    verdict.set_int_custom_property(SPAN_PROPERTY, span)


def _list_files(examples: Artifact) -> tuple[InputFile, ...]:
    listed = load_input_files(examples.get_string_custom_property(CSV_FILES_PROPERTY))
    return tuple(InputFile(path=one.path, rows=one.rows, sha256=one.sha256) for one in listed)


def _check_unchanged(files: Sequence[InputFile]) -> None:
    problems = tuple(
        DataProblem(
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
        rows=sum(file.rows for file in accepted.files),
        files=accepted.files,
    )


def _refer_to(statistics: Artifact, span: int) -> DataReference:
    """Refer to the data; TFX notes its span on the examples, not on their statistics."""
    return DataReference(
        statistics_id=statistics.id,
        statistics_uri=statistics.uri,
        span=_name_span(span),
    )


def _name_span(span: int) -> str | None:
    """Give a span's first day; TFX numbers it in days since 1970, and data without one 0."""
    if not span:
        return None
    return (datetime.date(1970, 1, 1) + datetime.timedelta(days=span)).isoformat()
