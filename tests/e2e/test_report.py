"""The report of every kind of run, against what plain TFX libraries read of the artifacts."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import http.client
import json
import math
import multiprocessing
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import tensorflow as tf
import tensorflow_data_validation as tfdv
import tensorflow_model_analysis as tfma
from tensorflow_metadata.proto.v0 import statistics_pb2

from components.metrics.evaluation import MetricComparison
from pipelines.cli import main
from pipelines.config.code_root import CODE_ROOT
from pipelines.records.exit_code import ExitCode
from pipelines.records.node_result import NodeState
from pipelines.records.run_summary import RunSummary, Verdict
from pipelines.report.facts.collection import collect_report
from pipelines.report.facts.index_facts import collect_index
from pipelines.report.model.ml_test_score import Section
from pipelines.report.model.run_report import RunReport
from pipelines.report.publication import FreedError, conclude, publish_missing, publish_report
from pipelines.report.reporter import Reporter
from tests.e2e.conftest import SAMPLE, Run

pytestmark = pytest.mark.slow

KINDS = {
    "first_run": Verdict.PUSHED,
    "second_run": Verdict.PUSHED,
    "refused_data_run": Verdict.DATA_REFUSED,
    "refused_model_run": Verdict.MODEL_REFUSED,
    "failed_run": Verdict.FAILED,
}
"""Fixtures of the five kinds of run, and how each ends."""


@pytest.fixture(params=KINDS)
def any_run(request: pytest.FixtureRequest) -> Run:
    """Each kind of run in turn."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Run)
    return found


@pytest.fixture(scope="module")
def pushed(second_run: Run) -> RunReport:
    """The report of a run with a champion to compare with."""
    return collect(second_run)


def collect(run: Run) -> RunReport:
    """Collect a run's report."""
    return collect_report(run.layout, run.done.run_id)


def find_uri(report: RunReport, node: str, key: str) -> str:
    """Find the folder of what a node put out."""
    return next(output.uri for output in report.node(node).outputs if output.key == key)


@contextlib.contextmanager
def set_aside(path: Path) -> Iterator[None]:
    """Take a file or folder away for a while."""
    aside = path.with_name(f"{path.name}.aside")
    path.rename(aside)
    try:
        yield
    finally:
        aside.rename(path)


def test_every_run_leaves_its_page(any_run: Run) -> None:
    """Pushed, refused or failed: the summary names the page, and the page of all runs is there."""
    assert any_run.done.report == str(any_run.layout.report_path(any_run.done.run_id))
    page = Path(any_run.done.report).read_text(encoding="utf-8")

    assert any_run.done.run_id in page
    assert any_run.done.run_id in any_run.layout.reports_index_path.read_text(encoding="utf-8")


def test_every_report_tells_how_its_run_ended(any_run: Run, request: pytest.FixtureRequest) -> None:
    """The report holds the summary as `show --json` gives it, and a word on every node."""
    report = collect(any_run)

    assert report.summary == any_run.done
    assert report.summary.verdict is KINDS[request.node.callspec.params["any_run"]]
    assert [node.id for node in report.nodes] == [node.id for node in any_run.done.nodes]
    assert report.notes == ()
    for node in report.nodes:
        assert node.explanation.why
        assert bool(node.log_tail) == (node.row.state is not NodeState.SKIPPED)


def test_explain_prints_a_view_of_the_report(any_run: Run, tmp_path: Path) -> None:
    """What `explain --json` writes is the report's own explanation."""
    json_path = tmp_path / "explanation.json"

    options = ["--output", str(any_run.layout.root), "--json", str(json_path)]
    assert main(["explain", any_run.done.run_id, *options]) == ExitCode.DONE

    assert json_path.read_text() == collect(any_run).explanation.model_dump_json(indent=2) + "\n"


def test_times_put_the_nodes_in_order(first_run: Run) -> None:
    """A node starts after those that it waits for."""
    report = collect(first_run)
    starts = {node.id: node.row.started_at for node in report.nodes}

    for node in report.nodes:
        start = starts[node.id]
        assert start is not None
        for upstream in node.description.upstream:
            before = starts[upstream]
            assert before is not None
            assert before < start
    assert report.header.started_at in starts.values()


def test_a_cached_node_names_the_run_that_made_it(pushed: RunReport, first_run: Run) -> None:
    """Its outputs are the first run's, and the explanation says so."""
    for name in ("CsvExampleGen", "StatisticsGen", "Transform", "Trainer"):
        node = pushed.node(name)
        assert node.row.cached
        assert node.explanation.cached_from == first_run.done.run_id
        assert {output.made_by_run for output in node.outputs} == {first_run.done.run_id}


def test_a_node_that_ran_tells_what_had_changed(refused_model_run: Run) -> None:
    """The gate that was set is named, key by key."""
    differences = collect(refused_model_run).node("ModelValidator").explanation.differences

    assert ("gates.auc_floor.min", "0.75", "0.9999") in [
        (one.name, one.before, one.after) for one in differences
    ]


def test_statistics_are_those_that_tfdv_reads(pushed: RunReport) -> None:
    """Every number of every column and split is the one in the artifact."""
    assert pushed.data is not None
    directory = Path(find_uri(pushed, "StatisticsGen", "statistics"))
    datasets = [dataset for dataset in pushed.data.datasets if not dataset.is_previous]
    assert [dataset.name for dataset in datasets] == ["train", "validation", "test"]
    for dataset in datasets:
        path = directory / f"Split-{dataset.split}" / "FeatureStats.pb"
        [theirs] = tfdv.load_stats_binary(str(path)).datasets
        assert dataset.rows == theirs.num_examples
        for proto in theirs.features:
            _compare_feature(pushed, dataset.name, proto)


def _compare_feature(
    report: RunReport, dataset: str, proto: statistics_pb2.FeatureNameStatistics
) -> None:
    assert report.data is not None
    [feature] = [one for one in report.data.features if one.name == proto.path.step[0]]
    [ours] = [one for one in feature.statistics if one.dataset == dataset]
    kind = proto.WhichOneof("stats")
    common = getattr(proto, kind).common_stats
    assert ours.rows - ours.missing == common.tot_num_values
    if kind == "string_stats":
        assert ours.categories is not None
        assert ours.categories.distinct == proto.string_stats.unique
        top = {one.value: one.frequency for one in proto.string_stats.top_values}
        shown = {one.value: one.rows for one in ours.categories.top_values}
        assert shown.items() <= top.items() or top.items() <= shown.items()
    elif ours.numbers is not None:
        theirs = proto.num_stats
        assert (ours.numbers.min, ours.numbers.max) == (theirs.min, theirs.max)
        assert (ours.numbers.median, ours.numbers.mean) == (theirs.median, theirs.mean)
        assert (ours.numbers.std_dev, ours.numbers.zeros) == (theirs.std_dev, theirs.num_zeros)
        assert [(one.low, one.high, one.rows) for one in ours.numbers.histogram] == [
            (one.low_value, one.high_value, one.sample_count)
            for histogram in theirs.histograms
            if histogram.type == statistics_pb2.Histogram.STANDARD
            for one in histogram.buckets
        ]
    for one in feature.overlay:
        assert 0 <= one.shares[dataset] <= 1
    assert math.fsum(one.shares[dataset] for one in feature.overlay) == pytest.approx(1)


def test_whole_numbers_are_laid_over_each_other_one_by_one(pushed: RunReport) -> None:
    """An hour's share is a plain count of the rows, as exactly as a hundred quantiles tell it."""
    assert pushed.data is not None
    [hours] = [one for one in pushed.data.features if one.name == "trip_start_hour"]
    rows = {dataset.name: dataset.rows for dataset in pushed.data.datasets}
    with SAMPLE.open(newline="") as file:
        counted = [int(row["trip_start_hour"]) for row in csv.DictReader(file)]

    for one in hours.overlay:
        found = sum(one.shares[split] * rows[split] for split in ("train", "validation", "test"))
        assert found == pytest.approx(counted.count(int(one.label)), abs=len(counted) / 100)


def test_metrics_are_those_that_tfma_reads(pushed: RunReport) -> None:
    """Each slice's metrics, of both models, are the numbers in the evaluation."""
    assert pushed.model is not None
    uri = find_uri(pushed, "Evaluator", "evaluation")
    candidate, champion = (
        {key: metrics[""][""] for key, metrics in result.slicing_metrics}
        for result in (
            tfma.load_eval_result(uri, model_name=name) for name in ("candidate", "baseline")
        )
    )
    slices: dict[tuple[tuple[str, str], ...], tuple[MetricComparison, ...]] = {
        (): pushed.summary.metrics
    }
    for part in pushed.model.slices:
        slices[((part.column, part.column_value),)] = part.metrics

    assert {_as_text(key) for key in candidate} == set(slices)
    for key, theirs in candidate.items():
        for ours in slices[_as_text(key)]:
            _compare_metric(ours.value, theirs[ours.name])
            _compare_metric(ours.baseline, champion[key][ours.name])


def _as_text(key: Any) -> tuple[tuple[str, str], ...]:
    return tuple((column, str(value)) for column, value in key)


def _compare_metric(ours: float | None, theirs: dict[str, Any]) -> None:
    value = theirs.get("boundedValue", {}).get("value", theirs.get("doubleValue"))
    number = float(value) if value is not None else math.nan
    assert ours == (None if math.isnan(number) else pytest.approx(number))


def test_curves_are_those_that_tfma_reads(pushed: RunReport) -> None:
    """The confusion matrices and the calibration of both models are those of the plots."""
    assert pushed.model is not None
    uri = find_uri(pushed, "Evaluator", "evaluation")
    for curves, name in (
        (pushed.model.candidate, "candidate"),
        (pushed.model.champion, "baseline"),
    ):
        plots = dict(tfma.load_eval_result(uri, model_name=name).plots)[()][""][""]
        matrices = plots["confusionMatrixAtThresholds"]["matrices"]
        buckets = plots["calibrationHistogramBuckets"]["buckets"]
        assert curves is not None
        assert [
            (one.threshold, one.true_positives, one.false_positives) for one in curves.thresholds
        ] == [
            (
                matrix.get("threshold", 0),
                matrix.get("truePositives", 0),
                matrix.get("falsePositives", 0),
            )
            for matrix in matrices
        ]
        assert [one.rows for one in curves.calibration] == [
            bucket["numWeightedExamples"] for bucket in buckets
        ]


def test_the_chosen_threshold_gives_the_metrics(pushed: RunReport) -> None:
    """Where the slider starts, precision and recall are those of the table."""
    assert pushed.model is not None
    assert pushed.model.candidate is not None
    metrics = {metric.name: metric.value for metric in pushed.summary.metrics}
    [chosen] = [
        one for one in pushed.model.candidate.thresholds if one.threshold == pushed.model.threshold
    ]

    assert chosen.precision == pytest.approx(metrics["precision"])
    assert chosen.recall == pytest.approx(metrics["recall"])
    assert chosen.accuracy == pytest.approx(metrics["binary_accuracy"])


def test_training_curves_are_those_of_tensorboard(pushed: RunReport) -> None:
    """Each epoch's losses are those in the event files beside them."""
    assert pushed.model is not None
    assert pushed.model.training is not None
    directory = Path(find_uri(pushed, "Trainer", "model_run"))
    told: dict[str, list[float]] = {}
    for split in ("train", "validation"):
        for path in sorted((directory / split).glob("events.*")):
            for event in tf.compat.v1.train.summary_iterator(str(path)):
                for value in event.summary.value:
                    if value.tag == "epoch_log_loss":
                        told.setdefault(split, []).append(float(tf.make_ndarray(value.tensor)))

    epochs = pushed.model.training.epochs
    assert [epoch.log_loss for epoch in epochs] == pytest.approx(told["train"])
    assert [epoch.validation_log_loss for epoch in epochs] == pytest.approx(told["validation"])
    best = epochs[pushed.model.training.best_epoch - 1]
    assert best.validation_log_loss == min(epoch.validation_log_loss for epoch in epochs)


def test_lineage_leads_back_to_the_csv(pushed: RunReport, first_run: Run) -> None:
    """From the pushed version over the model and its examples to the file and its hash."""
    assert pushed.lineage is not None
    found = {one.type: one for one in pushed.lineage.artifacts}
    ids = [one.id for one in pushed.lineage.artifacts]

    assert pushed.lineage.artifacts[0].type == "PushedModel"
    assert pushed.lineage.artifacts[0].version == pushed.summary.pushed_version
    assert (found["Model"].node, found["Model"].run_id) == ("Trainer", first_run.done.run_id)
    for place, one in enumerate(pushed.lineage.artifacts):
        assert set(one.made_of) <= set(ids[place + 1 :])
    [file] = pushed.lineage.files
    assert Path(file.path) == SAMPLE
    assert file.sha256 == hashlib.sha256(SAMPLE.read_bytes()).hexdigest()


def test_the_model_card_has_the_owners_words(pushed: RunReport) -> None:
    """What the configuration says of the model stands beside what the run found."""
    card = pushed.model_card

    assert card is not None
    assert card.about is not None
    assert card.about.owners
    assert card.about.purpose
    assert card.about.limits
    assert card.settings["seed"]
    assert "tips" in card.label
    assert {count.split for count in card.labels} == {"train", "validation", "test"}


def test_refused_data_shows_its_rows_first(refused_data_run: Run) -> None:
    """The column in trouble stands first, with the rows at fault; there is no model."""
    report = collect(refused_data_run)

    assert report.data is not None
    assert report.data.verdict is not None
    first = report.data.features[0]
    assert (first.name, first.severity) == ("trip_start_hour", "error")
    assert {row.value for row in first.findings[0].rows} == {"24"}
    assert "trip_start_hour" in {one.feature for one in report.data.schema_differences}
    assert (report.model, report.model_card) == (None, None)
    assert report.test_score.sections[Section.DATA] > 0
    assert report.lineage is not None
    assert {one.type for one in report.lineage.artifacts} >= {"DataVerdict", "Examples"}


def test_a_refused_model_is_shown_whole(refused_model_run: Run) -> None:
    """Curves, slices and the gate that refused it are there; nothing was pushed."""
    report = collect(refused_model_run)

    assert report.model is not None
    assert report.model.candidate is not None
    assert report.model.slices
    assert report.model.fairness
    assert [gate.name for gate in report.explanation.refusing_gates] == ["auc_floor"]
    assert report.lineage is not None
    assert report.lineage.artifacts[0].type == "ModelBlessing"


def test_a_failed_run_is_shown_as_far_as_it_got(failed_run: Run) -> None:
    """The training is there, the evaluation is not, and the node says why."""
    report = collect(failed_run)
    node = report.node("Evaluator")

    assert failed_run.exit_code == ExitCode.FAILED
    assert node.row.state is NodeState.FAILED
    assert "holdout" in node.problems[0].message
    assert "holdout" in "".join(node.log_tail)
    assert report.model is not None
    assert report.model.training is not None
    assert report.model.candidate is None
    assert report.node("Pusher").row.state is NodeState.SKIPPED


def test_an_old_run_is_told_by_the_store_alone(pushed: RunReport, second_run: Run) -> None:
    """Without the summary's file, as under a scheduler, the report is the same but for times."""
    with set_aside(second_run.layout.run(pushed.run_id).summary_path):
        recovered = collect(second_run)

    changed = {"seconds": pushed.summary.seconds}
    assert recovered.summary.model_copy(update=changed) == pushed.summary
    assert recovered.model_copy(update={"summary": pushed.summary}) == pushed


def test_a_summary_of_another_version_is_not_needed(pushed: RunReport, second_run: Run) -> None:
    """What this version can't read it gathers anew."""
    path = second_run.layout.run(pushed.run_id).summary_path
    with set_aside(path):
        path.write_text('{"version": 0}')
        recovered = collect(second_run)
        path.unlink()

    assert recovered.summary.verdict is Verdict.PUSHED
    assert recovered.nodes == pushed.nodes


def test_what_another_version_wrote_is_said(pushed: RunReport, second_run: Run) -> None:
    """A validation that can't be read is noted, and the rest is shown."""
    path = Path(find_uri(pushed, "ModelValidator", "blessing"), "validation.json")
    with set_aside(path):
        path.write_text("{}")
        report = collect(second_run)
        path.unlink()

    assert report.model is not None
    assert report.model.validation is None
    assert report.model.candidate is not None
    assert any("validation is of another version" in note for note in report.notes)


def test_what_is_gone_is_said_and_the_old_page_kept(pushed: RunReport, second_run: Run) -> None:
    """Without its statistics the run's data can't be shown; the page that shows it stays."""
    path = Path(str(pushed.summary.report))
    before = path.read_bytes()
    with set_aside(Path(find_uri(pushed, "StatisticsGen", "statistics"))):
        report = collect(second_run)
        with pytest.raises(FreedError, match="stays as it is"):
            publish_report(second_run.layout, report)

    assert report.data is None
    assert any("ExampleStatistics" in note for note in report.notes)
    assert path.read_bytes() == before


def test_a_page_that_can_not_be_written_changes_no_verdict(second_run: Run) -> None:
    """The run ends as it did; one line says what went wrong, and no page is named."""
    layout = second_run.layout
    with set_aside(layout.reports_directory):
        layout.reports_directory.touch()
        summary, problem = conclude(layout, second_run.done.model_copy(update={"report": None}))
        layout.reports_directory.unlink()
    kept = RunSummary.model_validate_json(layout.run(summary.run_id).summary_path.read_text())
    conclude(layout, second_run.done)

    assert (summary.verdict, summary.report) == (Verdict.PUSHED, None)
    assert kept == summary
    assert problem is not None
    assert "no report was written" in problem
    assert "\n" not in problem


@pytest.mark.parametrize("dies", [False, True], ids=["ready", "dead"])
def test_a_reporter_writes_the_page_whether_it_lives_or_not(second_run: Run, dies: bool) -> None:
    """A process that stands ready does what ``conclude`` does; without it this process does."""
    path = second_run.layout.report_path(second_run.done.run_id)
    path.unlink()
    with Reporter() as reporter:
        [process] = multiprocessing.active_children()
        if dies:
            process.kill()
        told = second_run.done.model_copy(update={"report": None})
        summary, problem = reporter.conclude(second_run.layout, told)

    assert (summary, problem) == (second_run.done, None)
    assert "</html>" in path.read_text(encoding="utf-8")
    assert not process.is_alive()


def test_missing_pages_are_written_before_their_facts_are_freed(first_run: Run) -> None:
    """`gc` calls this; a page that is there is left alone."""
    path = first_run.layout.report_path(first_run.done.run_id)
    path.unlink()

    assert publish_missing(first_run.layout, [first_run.done.run_id]) == []
    written = path.stat().st_mtime_ns
    assert publish_missing(first_run.layout, [first_run.done.run_id]) == []
    assert path.stat().st_mtime_ns == written


def test_the_index_has_every_run_and_the_champions_history(
    first_run: Run, second_run: Run, refused_data_run: Run
) -> None:
    """Runs in order, each with its page; a version stands in the history once."""
    index = collect_index(first_run.layout)
    runs = {run.summary.run_id: run for run in index.runs}

    assert list(runs) == sorted(runs)
    for run in (first_run, second_run, refused_data_run):
        indexed = runs[run.done.run_id]
        assert indexed.summary == run.done
        assert indexed.page == f"{run.done.run_id}/index.html"
    steps = [(step.what, step.version, step.run_id) for step in index.history]
    assert steps[0] == ("pushed", first_run.done.pushed_version, first_run.done.run_id)
    assert index.notes == ()


def test_report_writes_a_page_and_the_facts(pushed: RunReport, second_run: Run) -> None:
    """`report RUN` prints the page's path; `--json` gives the whole model."""
    output = ["--output", str(second_run.layout.root)]
    done = subprocess.run(
        [sys.executable, "-m", "pipelines", "report", pushed.run_id, *output, "--json", "-"],
        cwd=CODE_ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )

    assert RunReport.model_validate_json(done.stdout) == pushed


def test_report_knows_only_runs_that_there_are(
    second_run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run that there is not is wrong usage, and no path leads out of the folder."""
    output = ["--output", str(second_run.layout.root)]

    assert main(["report", "nothing", *output]) == ExitCode.USAGE
    assert main(["report", "../../etc", *output]) == ExitCode.USAGE
    assert "expected one of those that `runs` lists" in capsys.readouterr().err


def test_compare_lays_two_runs_side_by_side(
    second_run: Run, refused_model_run: Run, tmp_path: Path
) -> None:
    """The setting that differs, the gates that came out otherwise, and a page."""
    before, after = second_run.done.run_id, refused_model_run.done.run_id
    json_path = tmp_path / "comparison.json"

    options = ["--output", str(second_run.layout.root), "--json", str(json_path)]
    assert main(["compare", before, after, *options]) == ExitCode.DONE

    compared = json.loads(json_path.read_text())
    assert ("ModelValidator", "gates.auc_floor.min", "0.75", "0.9999") in [
        (one["node"], one["name"], one["before"], one["after"]) for one in compared["parameters"]
    ]
    auc = next(one for one in compared["metrics"] if one["name"] == "auc")
    assert auc["before"] == auc["after"]
    assert {one["distance"]["value"] for one in compared["columns"]} == {0.0}
    assert second_run.layout.comparison_path(before, after).is_file()


def test_reports_are_served_until_ctrl_c(second_run: Run) -> None:
    """`serve-reports` says where, answers there, and ends cleanly."""
    output = ["--output", str(second_run.layout.root)]
    with subprocess.Popen(
        [sys.executable, "-m", "pipelines", "serve-reports", "--port", "0", *output],
        cwd=CODE_ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None
        address = urlsplit(server.stdout.readline().split()[0])
        connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=60)
        connection.request("GET", f"/{second_run.done.run_id}/")
        answer = connection.getresponse()
        page = answer.read()
        server.send_signal(signal.SIGINT)
        code = server.wait(timeout=60)

    assert (answer.status, code) == (200, ExitCode.DONE)
    assert second_run.done.run_id.encode() in page


def test_there_is_nothing_to_serve_before_the_first_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without runs the command says how to make one."""
    assert main(["serve-reports", "--output", str(tmp_path)]) == ExitCode.USAGE
    assert "no runs" in capsys.readouterr().err
