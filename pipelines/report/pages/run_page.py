"""The page of one run."""

from __future__ import annotations

import collections
from collections.abc import Iterator

from components.metrics.evaluation import ThresholdCounts
from pipelines.records.node_result import NodeState
from pipelines.records.run_summary import Verdict
from pipelines.report.charts import model_charts
from pipelines.report.charts.chart import Chart
from pipelines.report.charts.data_charts import assign_series, draw_distribution
from pipelines.report.charts.marks import (
    STATE_MARKS,
    VERDICT_MARKS,
    judge_slice,
    mark_gate,
    rank_gate,
)
from pipelines.report.charts.timeline import draw_timeline
from pipelines.report.model.model_report import ModelReport
from pipelines.report.model.run_report import RunReport
from pipelines.report.pages.glyphs import find_domain
from pipelines.report.pages.pipeline_graph import NODE_HEIGHT, NODE_WIDTH, place_graph
from pipelines.report.pages.templating import render

HEADLINE_METRICS = ("auc", "log_loss", "auc_precision_recall", "expected_calibration_error")
"""The metrics at the top of the page, of those that were measured."""
_MAX_SLIDER_STEPS = 201
_VERBS = {
    NodeState.DATA_REFUSED: "refused the data",
    NodeState.MODEL_REFUSED: "refused the model",
}


def render_report(report: RunReport) -> str:
    """Render the page of a run, for ``reports/<run_id>/index.html``."""
    data, model, gates = report.data, report.model, report.summary.gates
    metrics = {metric.name: metric for metric in report.summary.metrics}
    slices = model.slices if model else ()
    judged_rows = [one.examples for one in slices if judge_slice(one.gates) != "not judged"]
    min_rows = min(judged_rows, default=0)
    large_slices = [one for one in slices if one.examples >= min_rows]
    return render(
        "run.html",
        report=report,
        verdict=VERDICT_MARKS[report.summary.verdict],
        why_absent=_explain_absence(report),
        headlines=[metrics[name] for name in HEADLINE_METRICS if name in metrics],
        node_counts=_count_nodes(report),
        graph=place_graph([node.description for node in report.nodes]),
        node_width=NODE_WIDTH,
        node_height=NODE_HEIGHT,
        timeline=draw_timeline([node.row for node in report.nodes]),
        number_legend=assign_series(data.datasets, "numbers") if data else (),
        category_legend=assign_series(data.datasets, "categories") if data else (),
        distributions=[draw_distribution(one, data) for one in data.features] if data else [],
        model_charts=list(_draw_model(model)) if model else [],
        thresholds=_list_thresholds(model) if model else [],
        chosen=model_charts.find_chosen(model) if model else None,
        # Worst first, those that are too small to be judged after the others.
        slices=sorted(slices, key=lambda one: one.examples < min_rows),
        min_rows=min_rows,
        loss_domain=find_domain([one.find_metric("log_loss") for one in large_slices]),
        gates=sorted(gates, key=rank_gate),
        gate_counts=collections.Counter(mark_gate(gate).word for gate in gates),
    )


def _explain_absence(report: RunReport) -> str:
    """Explain why a section has nothing to show."""
    for node in report.nodes:
        if node.row.state in (NodeState.FAILED, NodeState.DATA_REFUSED):
            return f"{node.id} {_describe_state(node.row.state)}"
    if report.summary.verdict is Verdict.PARTIAL:
        return "only part of the pipeline was requested"
    return "the run did not get that far, or its files are gone"


def _count_nodes(report: RunReport) -> str:
    counts = collections.Counter(node.row.state for node in report.nodes)
    return ", ".join(
        f"{counts[state]} {_describe_state(state)}" for state in STATE_MARKS if counts[state]
    )


def _describe_state(state: NodeState) -> str:
    return _VERBS.get(state, STATE_MARKS[state].word)


def _draw_model(model: ModelReport) -> Iterator[Chart]:
    if model.training is not None:
        yield from model_charts.draw_training(model.training)
    curves = (
        model_charts.draw_roc(model),
        model_charts.draw_precision_recall(model),
        model_charts.draw_calibration(model),
    )
    yield from (chart for chart in curves if chart is not None)


def _list_thresholds(model: ModelReport) -> list[ThresholdCounts]:
    """List the confusion matrices that the slider walks along, the chosen one among them."""
    chosen = model_charts.find_chosen(model)
    if model.candidate is None or chosen is None:
        return []
    thinned = model_charts.thin(model.candidate.thresholds, _MAX_SLIDER_STEPS)
    by_threshold = {counts.threshold: counts for counts in (*thinned, chosen)}
    return [counts for _, counts in sorted(by_threshold.items())]
