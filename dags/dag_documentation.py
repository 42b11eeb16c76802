"""What the web pages say about DAGs and tasks; no Airflow import."""

from __future__ import annotations

from dags.airflow_config import AirflowConfig
from pipelines.records.description import NodeDescription, PipelineDescription
from pipelines.records.nodes import NodeId

_IN_AIRFLOW = {
    NodeId.DATA_GATE: "**A refusal fails this task without a retry.**",
    NodeId.MODEL_VALIDATOR: "**A refusal skips this task and what follows.**",
    NodeId.PUSHER: "Announces it as an asset event.",
}
_NODE_TEXTS: dict[str, str] = {
    node: f"{node.does} {_IN_AIRFLOW.get(node, '')}".strip() for node in NodeId
}


def describe_pipeline(pipeline: PipelineDescription, config: AirflowConfig) -> str:
    """Describe, in Markdown, the DAG that trains."""
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

The note of the run says which, the note of the task says why. A run stands for the span
({pipeline.span_period}) that its logical date is in, or for the parameter `span`, or for the folder
`data`.

Content `{pipeline.content_hash[:12]}`, environment `{config.environment}`, output in
`{pipeline.output_root}`.
"""


def describe_node(node: NodeDescription) -> str:
    """Describe, in Markdown, the task of one node."""
    rows = "\n".join(
        f"| `{name}` | `{_shorten(value)}` |" for name, value in sorted(node.parameters.items())
    )
    table = f"\n\n| setting | value |\n|---|---|\n{rows}" if rows else ""
    return f"{_NODE_TEXTS.get(node.id, '')}\n\n`{node.type}`{table}".strip()


def describe_check(pipeline: PipelineDescription) -> str:
    """Describe, in Markdown, the DAG that replays pushed models."""
    return f"""\
### Does the pushed {pipeline.name} model serve what was evaluated?

Triggered by every newly pushed version. Loads it in a fresh process, as a server would, and
compares how its serving signature answers raw examples with what was evaluated.
"""


def _shorten(value: str) -> str:
    line = " ".join(value.split()).replace("|", "\\\\|").replace("`", "'")
    return line if len(line) <= 120 else f"{line[:117]}…"
