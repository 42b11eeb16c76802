"""Small run reports built by hand, for tests of pages: their numbers are made up but consistent.

A company in them is named ``<script>alert(1)</script>``.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping

from components.curated_schema.schema_diff import SchemaDifference
from components.data_gate.findings import (
    Comparison,
    DataReference,
    DataVerdict,
    Finding,
    LabelCount,
    OffendingRow,
)
from components.data_gate.published_anomalies import Anomaly
from components.examples.input_file import InputFile
from components.metrics.evaluation import CalibrationBin, MetricComparison, ThresholdCounts
from components.model_validator.gate_result import GateResult, Outcome
from components.problem import Problem
from components.statistics_gen.distances import Bin, Distance
from pipelines.records.about import About
from pipelines.records.description import NodeDescription
from pipelines.records.node_result import NodeState
from pipelines.records.nodes import NodeId
from pipelines.records.run_summary import NodeSummary, RunSummary, Verdict
from pipelines.report.model.data_report import (
    Bucket,
    CategoryStatistics,
    DataReport,
    Dataset,
    FeatureReport,
    FeatureStatistics,
    NumberStatistics,
    OverlayBin,
    ValueCount,
)
from pipelines.report.model.lineage import Lineage, LineageArtifact
from pipelines.report.model.ml_test_score import Evidence, Item, MlTestScore, Section, ShownBy
from pipelines.report.model.model_card import InputColumn, ModelCard
from pipelines.report.model.model_report import (
    Epoch,
    FairnessReport,
    ModelCurves,
    ModelReport,
    SliceReport,
    TrainingReport,
)
from pipelines.report.model.node_report import ArtifactReport, NodeReport
from pipelines.report.model.run_report import RunHeader, RunReport
from pipelines.runs.explanation import Difference, NodeExplanation

HOSTILE = "<script>alert(1)</script>"
"""The name of a company, as someone might enter it."""
RUN_ID = "20261121T211916Z"
STARTED = datetime.datetime(2026, 11, 21, 21, 19, 16, tzinfo=datetime.timezone.utc)
UPSTREAM = {
    "CsvExampleGen": (),
    "CuratedSchema": (),
    "LatestAcceptedData": (),
    "LatestBlessedModel": (),
    "StatisticsGen": ("CsvExampleGen", "CuratedSchema"),
    "ExampleValidator": ("CuratedSchema", "StatisticsGen"),
    "SchemaGen": ("StatisticsGen",),
    "DataGate": ("CsvExampleGen", "CuratedSchema", "ExampleValidator", "LatestAcceptedData"),
    "Transform": ("CsvExampleGen", "CuratedSchema", "DataGate"),
    "Trainer": ("Transform",),
    "Evaluator": ("CsvExampleGen", "LatestBlessedModel", "Trainer"),
    "ModelValidator": ("Evaluator", "LatestBlessedModel", "Trainer"),
    "Pusher": ("ModelValidator", "Trainer"),
}
DATASETS = ("train", "validation", "test", "previous train")


def create_report(verdict: Verdict = Verdict.PUSHED) -> RunReport:
    """Create the report of a run.

    Args:
        verdict: How it ended; a data refusal stops at DataGate, a failure at CsvExampleGen.
    """
    has_data = verdict is not Verdict.FAILED
    has_model = verdict in (Verdict.PUSHED, Verdict.MODEL_REFUSED)
    nodes = tuple(_create_nodes(verdict))
    summary = RunSummary(
        run_id=RUN_ID,
        pipeline="chicago_taxi",
        verdict=verdict,
        reason=_REASONS[verdict],
        seconds=73.2,
        nodes=tuple(node.row for node in nodes),
        problems=tuple(problem for node in nodes for problem in node.problems),
        metrics=_create_metrics(0.0) if has_model else (),
        has_champion=has_model,
        gates=_create_gates(verdict) if has_model else (),
        pushed_version=1795296029 if verdict is Verdict.PUSHED else None,
        output_root="artifacts/chicago_taxi",
    )
    return RunReport(
        header=RunHeader(
            started_at=STARTED,
            ended_at=STARTED + datetime.timedelta(seconds=73),
            span="2014-01-01",
            rows=15_002 if has_data else None,
            content_hash="a1" * 32,
            code_hash="b2" * 32,
            config_hash="c3" * 32,
        ),
        summary=summary,
        nodes=nodes,
        data=_create_data(verdict) if has_data else None,
        model=_create_model() if has_model else None,
        lineage=_create_lineage() if has_model else None,
        model_card=_create_card() if has_model else None,
        test_score=_create_score(),
        notes=(),
    )


_REASONS = {
    Verdict.PUSHED: "version 1795296029 is in place",
    Verdict.DATA_REFUSED: "DataGate refused the data for 1 problem; nothing was pushed",
    Verdict.MODEL_REFUSED: "1 gate refused the model: auc_floor; nothing was pushed",
    Verdict.FAILED: "CsvExampleGen failed; nothing was pushed",
    Verdict.PARTIAL: "the nodes asked for are done; nothing was pushed",
}
_STOPS = {
    Verdict.DATA_REFUSED: ("DataGate", NodeState.DATA_REFUSED),
    Verdict.FAILED: ("CsvExampleGen", NodeState.FAILED),
    Verdict.MODEL_REFUSED: ("ModelValidator", NodeState.MODEL_REFUSED),
}


def _create_nodes(verdict: Verdict) -> list[NodeReport]:
    stop, stop_state = _STOPS.get(verdict, (None, NodeState.DONE))
    nodes: list[NodeReport] = []
    is_stopped = False
    for index, (node, upstream) in enumerate(UPSTREAM.items()):
        state = NodeState.SKIPPED if is_stopped else NodeState.DONE
        if node == stop:
            state, is_stopped = stop_state, True
        if node == "SchemaGen" and not is_stopped:
            state = NodeState.CACHED
        nodes.append(_create_node(node, upstream, state, index))
    return nodes


def _create_node(node: str, upstream: tuple[str, ...], state: NodeState, index: int) -> NodeReport:
    is_started = state is not NodeState.SKIPPED
    is_good = state in (NodeState.DONE, NodeState.CACHED, NodeState.SKIPPED)
    problem = Problem(
        rule="LOW_ROW_COUNT", message=f"trips.csv, line 3: {HOSTILE} is not a number", column="fare"
    )
    return NodeReport(
        description=NodeDescription(
            id=node,
            type=f"components.{node}",
            stage=NodeId(node).stage,
            upstream=upstream,
            parameters={"settings": "{}"},
        ),
        row=NodeSummary(
            id=node,
            state=state,
            started_at=STARTED + datetime.timedelta(seconds=5 * index) if is_started else None,
            seconds=4.25 if is_started else 0.0,
            cached=state is NodeState.CACHED,
            rows_in={"train": 7004} if is_started else {},
            rows_out={"train": 7004} if is_started else {},
            log=f"runs/{RUN_ID}/logs/{node}.log" if is_started else None,
        ),
        explanation=NodeExplanation(
            id=node,
            state=state,
            why="changed: parameter settings.seed" if is_started else "not started",
            cached_from="20261120T100000Z" if state is NodeState.CACHED else None,
            differences=(
                Difference(kind="parameter", name="settings.seed", before="1", after="2"),
            ),
        ),
        problems=() if is_good else (problem,),
        execution_id=index if is_started else None,
        inputs=(_create_artifact("examples", 1, "Examples"),) if is_started else (),
        outputs=(_create_artifact("output", 10 + index, "Model"),) if is_started else (),
        parameters={"settings.seed": "2", "settings.name": HOSTILE},
        log_tail=(f"read {HOSTILE}", "done") if is_started else (),
        log_lines=200 if is_started else 0,
    )


def _create_artifact(key: str, number: int, type_name: str) -> ArtifactReport:
    return ArtifactReport(
        key=key,
        id=number,
        type=type_name,
        uri=f"artifacts/chicago_taxi/pipeline_root/{type_name}/{number}",
        splits=("train", "test"),
        is_freed=False,
        made_by_node="CsvExampleGen",
        made_by_run=RUN_ID,
    )


def _create_data(verdict: Verdict) -> DataReport:
    findings = (_create_finding(),) if verdict is Verdict.DATA_REFUSED else ()
    reference = DataReference(statistics_id=4, statistics_uri="statistics/4", span="2014-01-01")
    features = (_create_company(findings), _create_fare())
    return DataReport(
        datasets=tuple(
            Dataset(
                name=name,
                split=name.split()[-1],
                is_previous=name.startswith("previous"),
                rows=1000,
                statistics_uri="statistics/4",
            )
            for name in DATASETS
        ),
        features=features,
        verdict=DataVerdict(
            accepted=not findings,
            summary=f"{len(findings)} errors" if findings else "accepted",
            data=reference,
            previous=reference,
            files=(InputFile(path="trips.csv", rows=15_002, sha256="d4" * 32),),
            row_counts={"csv": {"all": 15_002}},
            labels=(LabelCount(split="train", rows=1000, positives=225),),
            findings=findings,
            scores=tuple(score for feature in features for score in feature.comparisons),
        ),
        anomalies=(
            Anomaly(split="train", feature="company", kind="ENUM_TYPE", message=f"new: {HOSTILE}"),
        ),
        schema_differences=(
            SchemaDifference("company", "values", "48 values", f"with {HOSTILE}", bool(findings)),
        ),
    )


def _create_finding() -> Finding:
    return Finding(
        feature="company",
        kind="ENUM_TYPE_UNEXPECTED_STRING_VALUES",
        severity="error",
        splits=("train",),
        observed=HOSTILE,
        limit="one of 48 values",
        share=0.0002,
        rows_affected=3,
        message=f"trips.csv, line 3, column 'company': 3 rows hold {HOSTILE}",
        rows=(OffendingRow(file="trips.csv", line=3, value=HOSTILE),),
    )


def _create_company(findings: tuple[Finding, ...]) -> FeatureReport:
    top = (ValueCount(value="Blue Cab", rows=600), ValueCount(value=HOSTILE, rows=300))
    return FeatureReport(
        name="company",
        kind="categories",
        dtype="bytes",
        unit="",
        meaning="Taxi company",
        role="input",
        statistics=tuple(
            FeatureStatistics(
                dataset=name,
                rows=1000,
                missing=100,
                numbers=None,
                categories=CategoryStatistics(distinct=2, top_values=top),
            )
            for name in DATASETS
        ),
        overlay=(
            OverlayBin(label="Blue Cab", low=None, high=None, shares=dict.fromkeys(DATASETS, 0.6)),
            OverlayBin(label=HOSTILE, low=None, high=None, shares=dict.fromkeys(DATASETS, 0.3)),
            OverlayBin(label="missing", low=None, high=None, shares=dict.fromkeys(DATASETS, 0.1)),
        ),
        comparisons=(_create_comparison("company", 0.02),),
        findings=findings,
    )


def _create_fare() -> FeatureReport:
    histogram = tuple(Bucket(low=10 * i, high=10 * i + 10, rows=500 / (i + 1)) for i in range(10))
    return FeatureReport(
        name="fare",
        kind="numbers",
        dtype="float",
        unit="USD",
        meaning="Fare of the trip",
        role="input",
        statistics=tuple(
            FeatureStatistics(
                dataset=name,
                rows=1000,
                missing=index,
                numbers=NumberStatistics(
                    min=0.0,
                    median=7.85,
                    max=100.0,
                    mean=11.4,
                    std_dev=9.1,
                    zeros=3,
                    histogram=histogram,
                ),
                categories=None,
            )
            for index, name in enumerate(DATASETS)
        ),
        overlay=tuple(
            OverlayBin(
                label=f"{10 * i} to {10 * i + 10}",
                low=10.0 * i,
                high=10.0 * i + 10,
                shares={name: 0.1 + 0.01 * j * (-1) ** i for j, name in enumerate(DATASETS)},
            )
            for i in range(10)
        ),
        comparisons=(_create_comparison("fare", 0.011),),
        findings=(),
    )


def _create_comparison(feature: str, value: float) -> Comparison:
    return Comparison(
        feature=feature,
        basis="drift",
        split="train",
        reference="span 2013-10-01",
        limit=0.03,
        is_exceeded=False,
        distance=Distance(
            measure="jensen_shannon",
            value=value,
            noise=0.005,
            reference_rows=1000,
            observed_rows=1000,
            bins=(Bin(label="Blue Cab", reference_share=1.0, observed_share=1.0),),
        ),
    )


def _create_metrics(worse: float) -> tuple[MetricComparison, ...]:
    values = {
        "auc": 0.9611 - worse,
        "log_loss": 0.1894 + worse,
        "calibration": 0.9633,
        "expected_calibration_error": 0.0159,
    }
    return tuple(
        MetricComparison(
            name=name, value=value, lower=value - 0.005, upper=value + 0.005, baseline=value - 0.002
        )
        for name, value in values.items()
    )


def _create_gates(verdict: Verdict) -> tuple[GateResult, ...]:
    is_refused = verdict is Verdict.MODEL_REFUSED
    floor = GateResult(
        name="auc_floor",
        kind="value",
        rule="min",
        metric="auc",
        slice="overall",
        value=0.9611,
        limit=0.99 if is_refused else 0.94,
        baseline=None,
        examples=4479,
        outcome=Outcome.FAILED if is_refused else Outcome.PASSED,
        reason=f"auc 0.9611 against at least {0.99 if is_refused else 0.94}",
    )
    small = floor.model_copy(
        update={
            "name": "log_loss_by_company",
            "slice": f"company={HOSTILE}",
            "outcome": Outcome.TOO_SMALL,
            "value": 0.31,
        }
    )
    return floor, small


def _create_model() -> ModelReport:
    thresholds = tuple(_count(index / 50) for index in range(51))
    bins = tuple(
        CalibrationBin(
            low=i / 10,
            high=(i + 1) / 10,
            rows=448,
            mean_prediction=i / 10 + 0.05,
            mean_label=min(1.0, i / 10 + 0.06),
        )
        for i in range(10)
    )
    curves = ModelCurves(name="candidate", thresholds=thresholds, calibration=bins)
    slices = tuple(
        SliceReport(
            column="company",
            column_value=value,
            is_group=False,
            examples=examples,
            metrics=_create_metrics(worse),
            gates=(),
        )
        for value, examples, worse in ((HOSTILE, 120, 0.2), ("Blue Cab", 900, 0.1), ("Sun", 400, 0))
    )
    as_group = {"is_group": True, "column": "side"}
    groups = tuple(one.model_copy(update=as_group) for one in slices[:2])
    return ModelReport(
        training=TrainingReport(
            epochs=tuple(
                Epoch(
                    number=number,
                    loss=0.5 / number,
                    log_loss=0.4 / number,
                    auc=1 - 0.3 / number,
                    validation_loss=0.5 / number,
                    validation_log_loss=0.45 / number,
                    validation_auc=1 - 0.32 / number,
                    learning_rate=0.001,
                )
                for number in range(1, 9)
            ),
            best_epoch=8,
        ),
        threshold=0.5,
        evaluated_split="test",
        candidate=curves,
        champion=curves.model_copy(update={"name": "champion"}),
        slices=slices,
        fairness=(FairnessReport(attribute="side", groups=groups, gaps=()),),
        validation=None,
    )


def _count(threshold: float) -> ThresholdCounts:
    """Count 1,000 rows with label 1 and 3,000 with label 0 whose scores are spread smoothly."""
    recall = 1 - threshold**3
    false_positive_rate = math.pow(1 - threshold, 3)
    return ThresholdCounts(
        threshold=threshold,
        true_positives=round(1000 * recall),
        false_negatives=1000 - round(1000 * recall),
        false_positives=round(3000 * false_positive_rate),
        true_negatives=3000 - round(3000 * false_positive_rate),
    )


def _create_lineage() -> Lineage:
    model = LineageArtifact(
        id=22,
        type="PushedModel",
        uri="serving/1795296029",
        is_freed=False,
        node="Pusher",
        run_id=RUN_ID,
        execution_id=12,
        made_of=(1,),
        version=1795296029,
    )
    made_first = {"id": 1, "type": "Examples", "node": "CsvExampleGen", "made_of": ()}
    examples = model.model_copy(update={**made_first, "version": None})
    return Lineage(
        artifacts=(model, examples),
        files=(InputFile(path=f"data/{HOSTILE}.csv", rows=15_002, sha256="d4" * 32),),
        span="2014-01-01",
    )


def _create_card() -> ModelCard:
    return ModelCard(
        about=About(
            purpose="Says whether a passenger will tip more than 20 % of the fare.",
            owners=("taxi team",),
            intended_uses=("study",),
            unfit_uses=("paying drivers",),
            limits=("cash tips are not recorded",),
            data_source="City of Chicago",
        ),
        task="chicago_taxi",
        label="1 where the tip is more than 20 % of the fare.",
        inputs=(
            InputColumn(
                name="company", unit="", meaning="Taxi company", transformations=("one-hot",)
            ),
        ),
        settings={"seed": "2"},
        labels=(LabelCount(split="train", rows=1000, positives=225),),
        pushed_version=1795296029,
        model_uri="pipeline_root/Trainer/model/9",
        known_limits=(f"company={HOSTILE} is too small to judge",),
    )


def _create_score() -> MlTestScore:
    return MlTestScore(
        items=tuple(_create_item(section, number) for section in Section for number in range(1, 8))
    )


def _create_item(section: Section, number: int) -> Item:
    """Create an item; every kind of item and every number of points is in each section."""
    points = (0.0, 0.5, 1.0)[number % 3] if number < 6 else 0.0
    by_others: Mapping[int, ShownBy] = {6: "tests", 7: "nothing"}
    return Item(
        section=section,
        number=number,
        title=f"{section.value}, item {number}.",
        shown_by=by_others.get(number, "run"),
        points=points,
        evidence=(Evidence(text="DataGate ran", path="components/data_gate"),) if points else (),
        lacks="" if points == 1 else "Someone has to write it.",
    )
