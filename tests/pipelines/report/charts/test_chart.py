"""What the charts say in words and in numbers; how they look is for the eye."""

from __future__ import annotations

import datetime
from xml.etree import ElementTree

import pytest

from components.statistics_gen.distances import Bin, Distance
from pipelines.records.run_summary import Verdict
from pipelines.report.charts.chart import printable
from pipelines.report.charts.data_charts import draw_distribution, draw_shift
from pipelines.report.charts.history_charts import draw_drift, draw_metric
from pipelines.report.charts.model_charts import (
    draw_calibration,
    draw_precision_recall,
    draw_roc,
    draw_training,
    find_chosen,
    thin,
)
from pipelines.report.charts.timeline import draw_timeline
from pipelines.report.model.data_report import DataReport, FeatureReport, OverlayBin
from pipelines.report.model.model_report import ModelReport
from pipelines.report.model.run_comparison import ColumnChange
from pipelines.report.model.run_index import IndexedRun
from tests.tiny_report import HOSTILE, STARTED, create_report


@pytest.fixture(scope="module")
def data() -> DataReport:
    """The data of a small run."""
    found = create_report().data
    assert found is not None
    return found


@pytest.fixture(scope="module")
def model() -> ModelReport:
    """The model of a small run."""
    found = create_report().model
    assert found is not None
    return found


def find_feature(data: DataReport, name: str) -> FeatureReport:
    """Find a column."""
    return next(feature for feature in data.features if feature.name == name)


def list_texts(svg: str) -> list[str]:
    """List the texts of a drawing."""
    return ["".join(text.itertext()) for text in ElementTree.fromstring(svg).iter() if text.text]


def test_control_characters_can_be_seen() -> None:
    """A value with a control character does not break the drawing, an empty one is named."""
    assert printable("a\x00b\n") == "a�b�"
    assert printable("") == "(empty)"


def test_categories_are_listed_with_every_dataset(data: DataReport) -> None:
    """Each value is a row, each dataset a column."""
    chart = draw_distribution(find_feature(data, "company"), data)
    assert chart is not None
    assert chart.columns == ("Value", "train", "validation", "test", "previous train")
    assert [row[0] for row in chart.rows] == ["Blue Cab", HOSTILE, "missing"]
    assert "Most often Blue Cab, in 60.0 % of train" in chart.summary


def test_numbers_name_the_widest_gap(data: DataReport) -> None:
    """The sentence says where a dataset is furthest from the first."""
    chart = draw_distribution(find_feature(data, "fare"), data)
    assert chart is not None
    assert "the widest gap is 3.0 points, previous train" in chart.summary
    assert chart.rows[0] == ("0 to 10", "10.0 %", "11.0 %", "12.0 %", "13.0 %")


def test_rare_categories_are_summed_up(data: DataReport) -> None:
    """Of very many values the most frequent are drawn, and the others together."""
    bins = tuple(
        OverlayBin(label=f"value {i}", low=None, high=None, shares={"train": 1 / 40})
        for i in range(40)
    )
    feature = find_feature(data, "company").model_copy(update={"overlay": bins})
    chart = draw_distribution(feature, data)
    assert chart is not None
    assert chart.rows[-1] == ("29 others", "72.5 %")
    assert len(chart.rows) == 12


def test_bins_that_look_alike_do_not_hide_each_other(data: DataReport) -> None:
    """Two values with the same label stay two bars."""
    bins = tuple(
        OverlayBin(label=label, low=None, high=None, shares={"train": 0.5})
        for label in ("a\x00", "a\x01")
    )
    feature = find_feature(data, "company").model_copy(update={"overlay": bins})
    chart = draw_distribution(feature, data)
    assert chart is not None
    assert [row[0] for row in chart.rows] == ["a�", "a� (2)"]


def test_column_without_bins_is_not_drawn(data: DataReport) -> None:
    """Where no row has a value there is no chart."""
    feature = find_feature(data, "company").model_copy(update={"overlay": ()})
    assert draw_distribution(feature, data) is None


def test_shift_says_what_has_grown() -> None:
    """Between two runs the bin that has grown most is named."""
    distance = Distance(
        measure="l_infinity",
        value=0.2,
        noise=0.01,
        reference_rows=100,
        observed_rows=100,
        bins=(
            Bin(label="Cash", reference_share=0.7, observed_share=0.5),
            Bin(label=HOSTILE, reference_share=0.3, observed_share=0.5),
        ),
    )
    column = ColumnChange(
        feature="payment_type", distance=distance, limit=0.1, missing_before=0.0, missing_after=0.0
    )
    assert draw_shift(column).summary == f"{HOSTILE} has grown most, from 30.0 % to 50.0 %."
    with pytest.raises(ValueError, match="payment_type"):
        draw_shift(column.model_copy(update={"distance": None}))


def test_training_names_the_epoch_that_was_kept(model: ModelReport) -> None:
    """The sentence and the table have the numbers of the epochs."""
    assert model.training is not None
    loss, auc = draw_training(model.training)
    assert "epoch 8 of 8: 0.0500 on train, 0.0563 on validation" in loss.summary
    assert auc.rows[0] == ("1", "0.7000", "0.6800")


def test_curves_name_the_chosen_threshold(model: ModelReport) -> None:
    """Both curves give the candidate's rates at the threshold that was chosen."""
    roc, precision_recall = draw_roc(model), draw_precision_recall(model)
    assert roc is not None
    assert precision_recall is not None
    assert "false positive rate 0.1250 and recall 0.8750" in roc.summary
    assert "recall 0.8750 and precision 0.7000" in precision_recall.summary
    assert [series.name for series in roc.legend] == ["candidate", "champion", "chosen threshold"]


def test_model_that_was_not_evaluated_has_no_curves(model: ModelReport) -> None:
    """Without an evaluation there is nothing to draw."""
    bare = model.model_copy(update={"candidate": None})
    assert draw_roc(bare) is None
    assert draw_calibration(bare) is None
    assert find_chosen(bare) is None


def test_thinned_curve_keeps_its_ends(model: ModelReport) -> None:
    """Few points stand for many, spread along the curve."""
    assert model.candidate is not None
    points = model.candidate.thresholds
    kept = thin(points, 5)
    assert [one.threshold for one in kept] == [0.0, 0.24, 0.5, 0.76, 1.0]
    assert thin(points, 100) == list(points)


def test_timeline_leaves_out_what_did_not_start() -> None:
    """A refused run's timeline ends where the run did."""
    nodes = [node.row for node in create_report(Verdict.DATA_REFUSED).nodes]
    chart = draw_timeline(nodes)
    assert chart is not None
    assert [row[0] for row in chart.rows][-1] == "DataGate"
    assert chart.rows[1] == ("CuratedSchema", "ran", "5.0 s", "4.2 s")
    assert draw_timeline([]) is None


def create_runs() -> list[IndexedRun]:
    """Create a pushed, a refused and a failed run, in this order."""
    return [
        IndexedRun(
            summary=create_report(verdict).summary,
            started_at=STARTED + datetime.timedelta(days=day),
            span=None,
            rows=None,
            page=None,
        )
        for day, verdict in enumerate((Verdict.PUSHED, Verdict.MODEL_REFUSED, Verdict.FAILED))
    ]


def test_history_leaves_out_runs_without_the_metric() -> None:
    """A run without a model has no point; who was pushed is said beside each that has."""
    chart = draw_metric(create_runs(), "auc", "AUC")
    assert chart is not None
    assert [row[3] for row in chart.rows] == ["Pushed", "Model refused"]
    assert draw_metric(create_runs(), "no_such_metric", "nothing") is None


def test_history_leaves_out_runs_that_repeat_another() -> None:
    """A run that found its evaluation cached has no point, unless no other run is left."""
    measured = create_runs()[0]
    nodes = tuple(
        row.model_copy(update={"cached": True}) if row.id == "Evaluator" else row
        for row in measured.summary.nodes
    )
    summary = measured.summary.model_copy(update={"nodes": nodes, "run_id": "again"})
    again = measured.model_copy(update={"summary": summary})

    both = draw_metric([measured, again], "auc", "AUC")
    alone = draw_metric([again], "auc", "AUC")

    assert both is not None
    assert alone is not None
    assert [row[0] for row in both.rows] == [measured.summary.run_id]
    assert [row[0] for row in alone.rows] == ["again"]


def test_drift_of_runs_that_were_not_compared_is_not_drawn() -> None:
    """Without an earlier data there is no drift."""
    assert draw_drift(create_runs()) is None


def test_drift_names_the_column_that_drifted_most(data: DataReport) -> None:
    """Use of the limit is drawn, with the noise that sampling explains."""
    runs = create_runs()
    summary = runs[0].summary.model_copy(update={"data": data.verdict})
    chart = draw_drift([runs[0].model_copy(update={"summary": summary, "span": "2014-01-01"})])
    assert chart is not None
    assert "57.1 %, by company" in chart.summary
    assert chart.rows == (("2014-01-01", "57.1 %", "31.4 %"),)
    assert "100%" in list_texts(chart.draw())
