"""Take the README's pictures of Airflow: ``make airflow-screens``.

Runs a whole Airflow on the real trips in a folder of its own, lets one run push a model and one
refuse its data, and photographs them in Debian's Chromium.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from dags.airflow_config import PROJECT_ROOT
from dags.standalone import StandaloneAirflow
from dags.standalone_settings import ADMIN
from tests.dags.airflow_api import AirflowApi, run_airflow
from tests.dags.deployment import Deployment, create_deployment

DAG_ID = "chicago_taxi_training"
IMAGES = PROJECT_ROOT / "docs" / "images"
SPANS = ("2015-01-01", "2015-04-01", "2015-07-01")
REFUSED = "todays-delivery"

_CHROMIUM = "/usr/bin/chromium"
_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_SETTLE_MILLISECONDS = 5000
_WINDOW: ViewportSize = {"width": 1440, "height": 900}
_WIDE_WINDOW: ViewportSize = {"width": 1800, "height": 560}


def make_runs(deployment: Deployment, api: AirflowApi) -> None:
    """Run quarter after quarter, and then a delivery with fares that no trip has."""
    for span in SPANS:
        run_id = f"quarter-{span}"
        api.trigger(DAG_ID, run_id, span=span)
        print(run_id, api.wait_for_run(DAG_ID, run_id)["note"], flush=True)
    write_refused_delivery(deployment.data_root / REFUSED)
    api.trigger(DAG_ID, REFUSED, data=REFUSED)
    print(REFUSED, api.wait_for_run(DAG_ID, REFUSED)["note"], flush=True)


def write_refused_delivery(directory: Path) -> None:
    """Write a quarter of the real trips, some of them with a negative fare."""
    source = PROJECT_ROOT / "data/chicago_taxi/spans" / SPANS[-1] / "data.csv"
    with source.open(newline="") as file:
        header, *rows = csv.reader(file)
    for row in rows[100:140:8]:
        row[header.index("fare")] = "-5"
    directory.mkdir()
    with (directory / "data.csv").open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def take_pictures(airflow: StandaloneAirflow, browser: Browser) -> None:
    """Photograph the graph of a run that pushed, the grid of all, and the refusal."""
    context = browser.new_context(viewport=_WINDOW, color_scheme="light", reduced_motion="reduce")
    page = context.new_page()
    sign_in(page, airflow)
    base = f"{airflow.settings.url}/dags/{DAG_ID}"
    last = f"{base}/runs/quarter-{SPANS[-1]}"
    photograph(page, base, IMAGES / "airflow-grid.png", show_grid)
    refusal = f"{base}/runs/{REFUSED}/plugin/pipeline-report"
    photograph(page, refusal, IMAGES / "airflow-refused.png", show_grid)
    photograph(page, f"{last}/plugin/pipeline-report", IMAGES / "airflow-report.png", show_grid)
    photograph(page, last, IMAGES / "airflow-graph.png", show_graph)
    context.close()


def sign_in(page: Page, airflow: StandaloneAirflow) -> None:
    """Sign in as the administrator."""
    page.goto(airflow.settings.url)
    page.fill("input[name=username]", ADMIN)
    page.fill("input[name=password]", airflow.keys[f"password_{ADMIN}"])
    page.keyboard.press("Enter")
    page.wait_for_url("**/")
    page.wait_for_load_state("networkidle")


def photograph(page: Page, address: str, path: Path, prepare: Callable[[Page], None]) -> None:
    """Open a page, bring it into the wanted view, and keep what it shows."""
    page.goto(address)
    page.wait_for_timeout(_SETTLE_MILLISECONDS)
    prepare(page)
    page.wait_for_timeout(_SETTLE_MILLISECONDS)
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=path)
    print(path, flush=True)


def show_graph(page: Page) -> None:
    """Show the graph in the whole window, with every group open."""
    page.get_by_label("Show Graph").click()
    open_groups(page)
    page.get_by_label("Collapse Details Panel").click()
    page.set_viewport_size(_WIDE_WINDOW)
    page.wait_for_timeout(_SETTLE_MILLISECONDS)
    page.get_by_label("Fit View").click()


def show_grid(page: Page) -> None:
    """Show the grid, with every group open."""
    page.get_by_label("Show Grid").click()
    open_groups(page)


def open_groups(page: Page) -> None:
    """Open every group of tasks; Airflow remembers it from page to page."""
    page.wait_for_timeout(_SETTLE_MILLISECONDS)
    button = page.get_by_label("Expand all task groups")
    # There is none on narrow panes, and a dead one where all are open.
    if button.count() and button.first.is_enabled():
        button.first.click()


def main() -> None:
    """Take the pictures."""
    argparse.ArgumentParser(prog="python -m tests.dags.screens", description=__doc__).parse_args()
    with tempfile.TemporaryDirectory(prefix="airflow-screens-") as folder:
        directory = Path(folder)
        (directory / "deployment").mkdir()
        deployment = create_deployment(directory / "deployment", {"environment": "quarterly"})
        with (
            run_airflow(deployment, directory / "home", {}) as (airflow, api),
            sync_playwright() as playwright,
        ):
            make_runs(deployment, api)
            browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=_OPTIONS)
            take_pictures(airflow, browser)
            browser.close()


if __name__ == "__main__":
    main()
