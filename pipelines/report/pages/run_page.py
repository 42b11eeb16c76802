"""The page of one run."""

from __future__ import annotations

import collections
import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import markupsafe

from components.metrics.digest import ThresholdCounts
from components.model_validator.gate_result import GateResult, Outcome
from components.model_validator.validation import MetricComparison
from pipelines.records.node_result import NodeState
from pipelines.report.charts import data_charts, model_charts
from pipelines.report.charts.chart import Chart, Series
from pipelines.report.charts.marks import SEVERITY_MARKS, VERDICT_MARKS, Mark, mark_gate
from pipelines.report.charts.timeline import draw_timeline
from pipelines.report.model.data_report import DataReport, FeatureReport
from pipelines.report.model.model_report import FairnessReport, ModelReport, SliceReport
from pipelines.report.model.run_report import RunReport
from pipelines.report.pages.glyphs import IntervalGlyph, find_domain, place_interval
from pipelines.report.pages.pipeline_graph import NODE_HEIGHT, NODE_WIDTH, place_graph
from pipelines.report.pages.templating import render
from pipelines.runs.run_summary import Verdict

HEADLINE_METRICS = ("auc", "log_loss", "auc_precision_recall", "expected_calibration_error")
"""The metrics that stand at the top of the page, of those that were measured."""
_MOST_SLIDER_STEPS = 201

_FINE = Mark("fine", "good", "check")
_ALLOWED_MARKS = {True: Mark("allowed", "good", "check"), False: Mark("not allowed", "bad", "stop")}
_SCORE_MARKS = {
    False: Mark("within limit", "good", "check"),
    True: Mark("exceeded", "bad", "cross"),
}


@dataclasses.dataclass(frozen=True)
class Section:
    """A section of the page.

    Attributes:
        id: Its anchor.
        note: A few words beside the title in the list of sections; empty where there is nothing.
    """

    id: str
    title: str
    note: str = ""


@dataclasses.dataclass(frozen=True)
class MetricRow:
    """A metric, its change from the champion's, and its drawing.

    Attributes:
        change: The candidate's value minus the champion's; None without one of them.
        glyph: Its drawing; None without a value.
    """

    metric: MetricComparison
    change: float | None
    glyph: IntervalGlyph | None


@dataclasses.dataclass(frozen=True)
class SliceRow:
    """A slice in the table of slices.

    Attributes:
        log_loss: Its log loss; None where it was not measured.
        auc: Its AUC; None likewise.
        calibration: Its calibration; None likewise.
        glyph: Drawing of its log loss, on a scale shared by all slices.
        mark: The worst that a gate said of it.
        group: What the outcome is filtered by.
    """

    slice: SliceReport
    log_loss: MetricComparison | None
    auc: float | None
    calibration: float | None
    glyph: IntervalGlyph | None
    mark: Mark
    group: str


@dataclasses.dataclass(frozen=True)
class GroupRow:
    """A group of a fairness attribute, with the metrics that gates compare."""

    name: str
    examples: int
    values: tuple[float | None, ...]


@dataclasses.dataclass(frozen=True)
class FairnessTable:
    """A fairness attribute: its gaps and its groups.

    Attributes:
        gaps: Gates on gaps between its groups.
        metrics: The metrics that are shown of each group.
    """

    name: str
    gaps: tuple[GateResult, ...]
    metrics: tuple[str, ...]
    groups: tuple[GroupRow, ...]


@dataclasses.dataclass(frozen=True)
class Confusion:
    """The confusion matrix and its slider.

    Attributes:
        points: Thresholds that the slider walks along.
        chosen_index: Which of them is the chosen one.
        json: The points for the script: threshold, true positives, false positives, true
            negatives, false negatives of each.
    """

    points: tuple[ThresholdCounts, ...]
    chosen_index: int
    json: markupsafe.Markup

    @property
    def chosen(self) -> ThresholdCounts:
        """The confusion matrix at the chosen threshold."""
        return self.points[self.chosen_index]


def render_run(report: RunReport) -> str:
    """Render the page of a run."""
    return render(
        "run.html",
        {
            "report": report,
            "verdict": VERDICT_MARKS[report.summary.verdict],
            "sections": tuple(_list_sections(report)),
            "absences": _explain_absences(report),
            "headlines": _list_headlines(report),
            "refusals": tuple(gate for gate in report.summary.gates if gate.is_refusal),
            **_describe_pipeline(report),
            **describe_data(report.data),
            **_describe_model(report),
            **_describe_gates(report),
            "artifact_names": _name_artifacts(report),
        },
    )


def _list_sections(report: RunReport) -> Iterator[Section]:
    findings = report.data.verdict.findings if report.data and report.data.verdict else ()
    gates = report.summary.gates
    passed = sum(gate.outcome is Outcome.PASSED for gate in gates)
    nothing = "none"
    yield Section("verdict", "Verdict", VERDICT_MARKS[report.summary.verdict].word.lower())
    yield Section("pipeline", "Pipeline", f"{len(report.nodes)} nodes")
    yield Section(
        "data", "Data", f"{len(report.data.features)} columns" if report.data else nothing
    )
    yield Section("anomalies", "Anomalies", str(len(findings)) if findings else nothing)
    yield Section("model", "Model", "" if report.model else nothing)
    yield Section("gates", "Gates", f"{passed} of {len(gates)}" if gates else nothing)
    yield Section("lineage", "Lineage", "" if report.lineage else nothing)
    yield Section("model-card", "Model card", "" if report.model_card else nothing)
    score = report.test_score
    yield Section("test-score", "ML Test Score", f"{score.total:g} of {score.max_total}")


def _explain_absences(report: RunReport) -> Mapping[str, str]:
    """Say of each section, in one sentence, why it has nothing to show."""
    why = _find_stop(report)
    return {
        "data": f"There are no statistics of the data: {why}.",
        "anomalies": f"The data was not judged: {why}.",
        "model": f"There is no model to show: {why}.",
        "gates": f"No gate was applied: {why}.",
        "lineage": f"There is no lineage: {why}.",
        "model_card": f"There is no model to write a card of: {why}.",
    }


def _find_stop(report: RunReport) -> str:
    for node in report.nodes:
        if node.row.state is NodeState.FAILED:
            return f"{node.id} failed"
        if node.row.state is NodeState.DATA_REFUSED:
            return f"{node.id} refused the data"
    if report.summary.verdict is Verdict.PARTIAL:
        return "only a part of the pipeline was asked for"
    return "the run did not get that far, or the files are gone"


def _list_headlines(report: RunReport) -> tuple[MetricRow, ...]:
    by_name = {metric.name: metric for metric in report.summary.metrics}
    return tuple(_create_metric_row(by_name[name]) for name in HEADLINE_METRICS if name in by_name)


def _create_metric_row(metric: MetricComparison) -> MetricRow:
    change = None
    if metric.value is not None and metric.baseline is not None:
        change = metric.value - metric.baseline
    return MetricRow(metric, change, place_interval(metric, find_domain([metric])))


def _describe_pipeline(report: RunReport) -> dict[str, Any]:
    return {
        "graph": place_graph([node.description for node in report.nodes]),
        "node_width": NODE_WIDTH,
        "node_height": NODE_HEIGHT,
        "timeline": draw_timeline([node.row for node in report.nodes]),
        "node_counts": _count_nodes(report),
    }


def _count_nodes(report: RunReport) -> str:
    counts = collections.Counter(node.row.state for node in report.nodes)
    words = {
        NodeState.DONE: "ran",
        NodeState.CACHED: "cached",
        NodeState.DATA_REFUSED: "refused the data",
        NodeState.MODEL_REFUSED: "refused the model",
        NodeState.FAILED: "failed",
        NodeState.SKIPPED: "not started",
    }
    return ", ".join(f"{counts[state]} {word}" for state, word in words.items() if counts[state])


def describe_data(data: DataReport | None) -> dict[str, Any]:
    """Draw the data's charts, and prepare what else the template shows of it.

    Args:
        data: The data; None where there are no statistics of it.
    """
    features = data.features if data else ()
    charts: dict[str, Chart | None] = (
        {feature.name: data_charts.draw_distribution(feature, data) for feature in features}
        if data
        else {}
    )
    scores = [score for feature in features for score in feature.comparisons]
    return {
        "anchors": {feature.name: index for index, feature in enumerate(features, start=1)},
        "column_marks": {feature.name: _mark_column(feature) for feature in features},
        "distributions": charts,
        "distribution_legends": _list_legends(data) if data else (),
        "scores": tuple(scores),
        "score_marks": _SCORE_MARKS,
        "allowed_marks": _ALLOWED_MARKS,
    }


def _list_legends(data: DataReport) -> tuple[tuple[str, tuple[Series, ...]], ...]:
    return (
        ("Numbers", data_charts.assign_series(data.datasets, "numbers")),
        ("Categories", data_charts.assign_series(data.datasets, "categories")),
    )


def _mark_column(feature: FeatureReport) -> Mark:
    if feature.severity is not None:
        return SEVERITY_MARKS[feature.severity]
    worst = feature.worst_comparison
    return _SCORE_MARKS[True] if worst is not None and worst.is_exceeded else _FINE


def _describe_model(report: RunReport) -> dict[str, Any]:
    model = report.model
    rows = _list_slices(model) if model else ()
    return {
        "metric_rows": tuple(_create_metric_row(metric) for metric in report.summary.metrics),
        "charts": tuple(_draw_model(model)) if model else (),
        "confusion": _create_confusion(model) if model else None,
        "slice_rows": rows,
        "fewest_judged": _find_fewest_judged(model) if model else 0,
        "slice_columns": tuple(dict.fromkeys(row.slice.column for row in rows)),
        "fairness": tuple(map(_create_fairness, model.fairness)) if model else (),
    }


def _draw_model(model: ModelReport) -> Iterator[Chart]:
    if model.training is not None:
        yield from model_charts.draw_training(model.training)
    for draw in (
        model_charts.draw_roc,
        model_charts.draw_precision_recall,
        model_charts.draw_calibration,
    ):
        chart = draw(model)
        if chart is not None:
            yield chart


def _create_confusion(model: ModelReport) -> Confusion | None:
    chosen = model_charts.find_chosen(model)
    if model.candidate is None or chosen is None:
        return None
    thinned = model_charts.thin(model.candidate.thresholds, _MOST_SLIDER_STEPS)
    by_threshold = {counts.threshold: counts for counts in (*thinned, chosen)}
    points = tuple(by_threshold[threshold] for threshold in sorted(by_threshold))
    numbers = [
        [
            counts.threshold,
            counts.true_positives,
            counts.false_positives,
            counts.true_negatives,
            counts.false_negatives,
        ]
        for counts in points
    ]
    # Numbers alone: there is nothing in them that could close the script element.
    text = markupsafe.Markup(json.dumps(numbers, separators=(",", ":"), allow_nan=False))
    return Confusion(points, points.index(chosen), text)


def _find_fewest_judged(model: ModelReport) -> int:
    """Find the rows of the smallest slice that a gate could judge; 0 where none could."""
    judged = (one.examples for one in model.slices if _group_slice(one.gates) != "not judged")
    return min(judged, default=0)


def _list_slices(model: ModelReport) -> tuple[SliceRow, ...]:
    """Give the slices, worst first, those that are too small to be judged after the others."""
    fewest = _find_fewest_judged(model)
    slices = sorted(model.slices, key=lambda one: one.examples < fewest)
    losses = [one.find_metric("log_loss") for one in slices]
    large = [loss for one, loss in zip(slices, losses, strict=True) if one.examples >= fewest]
    domain = find_domain(large)
    return tuple(
        SliceRow(
            slice=one,
            log_loss=loss,
            auc=_find_value(one, "auc"),
            calibration=_find_value(one, "calibration"),
            glyph=place_interval(loss, domain),
            mark=_mark_slice(one.gates),
            group=_group_slice(one.gates),
        )
        for one, loss in zip(slices, losses, strict=True)
    )


def _find_value(part: SliceReport, metric: str) -> float | None:
    found = part.find_metric(metric)
    return found.value if found else None


def _mark_slice(gates: Sequence[GateResult]) -> Mark:
    """Show the worst that gates said of a slice."""
    if not gates:
        return Mark("no gate", "calm", "dash")
    refusing = [gate for gate in gates if gate.is_refusal]
    passed = [gate for gate in gates if gate.outcome is Outcome.PASSED]
    return mark_gate((refusing or passed or gates)[0])


def _group_slice(gates: Sequence[GateResult]) -> str:
    if any(gate.is_refusal for gate in gates):
        return "refused"
    return "passed" if any(gate.outcome is Outcome.PASSED for gate in gates) else "not judged"


def _create_fairness(fairness: FairnessReport) -> FairnessTable:
    asked = tuple(dict.fromkeys(gap.metric for gap in fairness.gaps))
    metrics = asked or ("log_loss", "auc")
    return FairnessTable(
        name=fairness.attribute,
        gaps=fairness.gaps,
        metrics=metrics,
        groups=tuple(
            GroupRow(
                group.column_value,
                group.examples,
                tuple(_find_value(group, metric) for metric in metrics),
            )
            for group in fairness.groups
        ),
    )


def _describe_gates(report: RunReport) -> dict[str, Any]:
    gates = report.summary.gates
    counts = collections.Counter(mark_gate(gate).word for gate in gates)
    order = sorted(
        gates, key=lambda gate: (not gate.is_refusal, gate.outcome is not Outcome.PASSED)
    )
    return {
        "gate_rows": tuple(order),
        "gate_counts": ", ".join(f"{count} {word}" for word, count in counts.items()),
        "gate_names": tuple(dict.fromkeys(gate.name for gate in gates)),
        "gate_outcomes": tuple(counts),
    }


def _name_artifacts(report: RunReport) -> Mapping[int, str]:
    artifacts = report.lineage.artifacts if report.lineage else ()
    return {one.id: f"{one.type} {one.id}" for one in artifacts}
