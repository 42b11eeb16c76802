"""What the web pages say of DAGs, tasks and parameters; no Airflow import."""

from __future__ import annotations

from dags.airflow_config import AirflowConfig
from pipelines.records.description import NodeDescription, PipelineDescription

NODE_TEXTS = {
    "CsvExampleGen": "Read the CSV files, refuse those of another form, and split the rows.",
    "CuratedSchema": "Bring in the schema that people keep under `schemas/`.",
    "StatisticsGen": "Compute the statistics of every split.",
    "SchemaGen": "Infer a schema from the training split, for people to compare.",
    "ExampleValidator": "Compare the statistics with the curated schema.",
    "LatestAcceptedData": "Find the data that was accepted last, to compare with.",
    "DataGate": "**Refuse or accept the data.** A refusal fails this task without a retry.",
    "EarlierSpans": "Find the spans that were accepted before, to train on beside this one.",
    "TrainingWindow": "Join the spans of the rolling window, to train on.",
    "Transform": "Compute the features, and the graph that serves the same ones.",
    "Trainer": "Train the `tf.keras` model.",
    "LatestBlessedModel": "Find the champion: the model that candidates are compared with.",
    "Evaluator": "Measure candidate and champion, slice by slice.",
    "ModelValidator": "**Bless or refuse the model.** A refusal skips this task and what follows.",
    "Pusher": "Put the blessed model in place as a new version, and announce it as an asset event.",
}
"""What each node does, in Markdown."""

PARAMETER_TEXTS = {
    "span": (
        "Span",
        "First day of the quarter to run for, such as 2015-04-01. Empty: the quarter of the run's "
        "logical date.",
    ),
    "data": (
        "Data folder",
        "A folder of CSV files, from the data root, to read instead of a span: chicago_taxi/full.",
    ),
    "max_epochs": ("Max epochs", "Maximum passes over the training split. Empty: as configured."),
    "learning_rate": ("Learning rate", "Of the first epochs. Empty: as configured."),
    "refresh": ("Refresh", "Run every node, even where nothing that it depends on has changed."),
}
"""Title and description of each parameter."""


def describe_pipeline(pipeline: PipelineDescription, config: AirflowConfig) -> str:
    """Describe the DAG that trains.

    Returns:
        Markdown.
    """
    return f"""\
### {pipeline.name}: data in, a pushed model or a reason out

Each task is one node of the compiled TFX pipeline, run by `python -m pipelines node`.
`compile_run` first checks the run's parameters and input; `finish_run` writes the report.

| a run ends | because |
|---|---|
| success, `Pusher` green | the model was pushed |
| success, `ModelValidator` and `Pusher` skipped | the model was refused; the champion stays |
| failed at once, without a retry | the data was refused, or a parameter can't be used |
| failed after {config.retry.count} retries | something around a node broke |

The note of the run says which, the note of the task says why. A run stands for the quarter that
begins at its logical date, or for the parameter `span`, or for the folder `data`.

Content `{pipeline.content_hash[:12]}`, environment `{config.environment}`, output in
`{pipeline.output_root}`.
"""


def describe_node(node: NodeDescription) -> str:
    """Describe the task of one node.

    Returns:
        Markdown.
    """
    rows = "\n".join(
        f"| `{name}` | `{_shorten(value)}` |" for name, value in sorted(node.parameters.items())
    )
    table = f"\n\n| setting | value |\n|---|---|\n{rows}" if rows else ""
    return f"{NODE_TEXTS.get(node.id, '')}\n\n`{node.type}`{table}".strip()


def describe_check(pipeline: PipelineDescription) -> str:
    """Describe the DAG that replays pushed models.

    Returns:
        Markdown.
    """
    return f"""\
### Does the pushed {pipeline.name} model serve what was evaluated?

Triggered by every newly pushed version. Loads it in a fresh process, as a server would, and
compares how its serving signature answers raw examples with what was evaluated.
"""


def _shorten(value: str) -> str:
    line = " ".join(value.split()).replace("|", "\\\\|").replace("`", "'")
    return line if len(line) <= 120 else f"{line[:117]}…"
