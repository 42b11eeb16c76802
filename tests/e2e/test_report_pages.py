"""The pages of whole runs in Chromium, of every kind of run."""

from __future__ import annotations

from pathlib import Path

import pytest
import tensorflow_data_validation as tfdv
import tensorflow_model_analysis as tfma
from playwright.sync_api import Page, expect

from pipelines.cli import main
from pipelines.records.exit_code import ExitCode
from pipelines.report.charts.numerals import (
    format_count,
    format_metric,
    format_number,
    format_share,
)
from pipelines.report.facts.collection import collect_report
from pipelines.report.pages.templating import format_words
from tests.browser.chromium import PHONE_WIDTH, Opener
from tests.e2e.conftest import Run, RunPipeline
from tests.e2e.corrupted_inputs import ROWS, set_cells, write_rows

pytestmark = pytest.mark.slow

KINDS = ("first_run", "second_run", "refused_data_run", "refused_model_run", "failed_run")
"""Fixtures of a pushed, a cached, two refused and a failed run."""
HOSTILE = "<script>alert(1)</script>"
MOST_BYTES = 2_000_000
"""A page of the sample must stay well below the 5 MB of the whole data."""


@pytest.fixture(params=KINDS)
def any_page(request: pytest.FixtureRequest) -> Path:
    """The page of each kind of run in turn."""
    run: Run = request.getfixturevalue(request.param)
    return find_page(run)


@pytest.fixture(scope="module")
def hostile_run(run: RunPipeline, second_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run over data in which a company is named like a script."""
    directory = tmp_path_factory.mktemp("hostile")
    rows = list(ROWS)
    rows[::4] = set_cells(rows[::4], "company", lambda _: HOSTILE)
    write_rows(directory, rows)
    return run("--data", str(directory), "--to", "DataGate")


def find_page(run: Run) -> Path:
    """Find the page that a run has written."""
    return run.layout.report_path(run.done.run_id)


def check(page: Path, open_page: Opener) -> None:
    """Check what holds for every page: quiet, accessible in light and dark, fit for a phone."""
    assert page.stat().st_size < MOST_BYTES
    for scheme in ("light", "dark"):
        opened = open_page(page, scheme=scheme)
        assert opened.find_violations() == []
        assert opened.complaints == []
        assert opened.requests == []
    assert open_page(page, width=PHONE_WIDTH).overflow_pixels == 0


def test_page_of_every_kind_of_run(any_page: Path, open_page: Opener) -> None:
    """Pushed, cached, refused or failed: the page opens alone, and anyone can read it."""
    check(any_page, open_page)


def test_page_of_all_runs_leads_to_each(
    refused_model_run: Run, failed_run: Run, open_page: Opener
) -> None:
    """The page of all runs is as fit as the others, and its links open the runs' pages."""
    index = failed_run.layout.reports_index_path
    check(index, open_page)
    page = open_page(index).page
    for run in (refused_model_run, failed_run):
        link = page.get_by_role("link", name=run.done.run_id)
        target = index.parent / str(link.get_attribute("href"))
        assert target == find_page(run)


def test_page_of_two_runs(first_run: Run, refused_model_run: Run, open_page: Opener) -> None:
    """Two runs side by side show the gate that was changed."""
    before, after = first_run.done.run_id, refused_model_run.done.run_id
    options = ["--output", str(first_run.layout.root)]
    assert main(["compare", before, after, *options]) == ExitCode.DONE
    path = first_run.layout.comparison_path(before, after)
    check(path, open_page)
    page = open_page(path).page
    expect(page.locator("#parameters-title + .scroll")).to_contain_text("gates.auc_floor.min")


def test_company_named_like_a_script_is_text(hostile_run: Run, open_page: Opener) -> None:
    """The name stands in charts and tables as it is in the data, and runs nowhere."""
    path = find_page(hostile_run)
    opened = open_page(path)
    assert opened.complaints == []
    expect(opened.page.locator("#data")).to_contain_text(HOSTILE)
    assert HOSTILE not in path.read_text(encoding="utf-8")


def read_row(page: Page, table: str, name: str) -> list[str]:
    """Read the cells of the row that begins with a name."""
    row = page.locator(f"#{table} tbody tr:visible").filter(
        has=page.get_by_role("rowheader", name=name, exact=True)
    )
    return [cell.inner_text().strip() for cell in row.locator("td").all()]


def test_metrics_on_the_page_are_those_that_tfma_reads(second_run: Run, open_page: Opener) -> None:
    """The table of metrics shows the numbers of the evaluation, the candidate's and champion's."""
    report = collect_report(second_run.layout, second_run.done.run_id)
    [uri] = [one.uri for one in report.node("Evaluator").outputs if one.key == "evaluation"]
    candidate, champion = (
        tfma.load_eval_result(uri, model_name=name).get_metrics_for_slice()
        for name in ("candidate", "baseline")
    )
    page = open_page(find_page(second_run)).page
    for name in ("auc", "log_loss", "binary_accuracy", "precision", "recall"):
        cells = read_row(page, "metrics", format_words(name))
        assert cells[0] == format_metric(_find_value(candidate[name]))
        assert cells[3] == format_metric(_find_value(champion[name]))


def _find_value(metric: dict[str, dict[str, float]]) -> float:
    """Give a metric's value, the unsampled one where TFMA gives an interval with it."""
    if "boundedValue" in metric:
        return float(metric["boundedValue"]["value"])
    return float(metric["doubleValue"])  # type: ignore[arg-type]


def test_statistics_on_the_page_are_those_that_tfdv_reads(
    first_run: Run, open_page: Opener
) -> None:
    """The table of columns shows the numbers of the statistics, split by split."""
    report = collect_report(first_run.layout, first_run.done.run_id)
    [uri] = [one.uri for one in report.node("StatisticsGen").outputs if one.key == "statistics"]
    page = open_page(find_page(first_run)).page
    for split in ("train", "test"):
        page.get_by_label("Rows of").select_option(split)
        [dataset] = tfdv.load_stats_binary(f"{uri}/Split-{split}/FeatureStats.pb").datasets
        columns = {one.path.step[0]: one for one in dataset.features}
        numbers = columns["fare"].num_stats
        assert read_row(page, "columns", "fare")[5:8] == [
            format_number(value) for value in (numbers.min, numbers.median, numbers.max)
        ]
        texts = columns["company"].string_stats
        missing = dataset.num_examples - texts.common_stats.tot_num_values
        cells = read_row(page, "columns", "company")
        assert cells[3] == format_share(missing / dataset.num_examples)
        assert cells[4] == format_count(texts.unique)
