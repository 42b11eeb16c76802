"""Take the pictures of the pages that README and docs show, of real runs on the real data.

``make screenshots`` runs the pipeline in an output root of its own: on all trips, on the same with
another setting, and on a delivery in which some hours and payments are wrong. It photographs their
pages in Chromium. Runs that are there already are used again.
"""

from __future__ import annotations

import argparse
import dataclasses
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, sync_playwright

from pipelines.cli import main
from pipelines.config.code_root import CODE_ROOT
from pipelines.config.layout import OutputLayout
from pipelines.runs.run_list import list_runs
from tests.browser.chromium import OPTIONS, PHONE_WIDTH
from tests.e2e.corrupted_inputs import set_cells, write_rows

OUTPUT = CODE_ROOT / "artifacts/screenshots"
IMAGES = CODE_ROOT / "docs/images"
TRIPS = CODE_ROOT / "data/chicago_taxi/full/data.csv"
# Its path stands in the pictures, so it is one that says nothing of who took them.
BAD_DELIVERY = Path(tempfile.gettempdir()) / "trips_of_today"
RUNS: tuple[tuple[str, ...], ...] = (
    (),
    ("--set", "trainer.learning_rate=0.003"),
    ("--data", str(BAD_DELIVERY)),
)
"""Options of each run."""


@dataclasses.dataclass(frozen=True)
class Picture:
    """One picture of a page.

    Attributes:
        name: Its file, without the ending.
        anchor: Where it is scrolled to; empty for its top.
        width: Width of the window, in CSS pixels.
        scheme: Light or dark.
    """

    name: str
    page: Path
    anchor: str = ""
    width: int = 1280
    height: int = 1000
    scheme: Literal["light", "dark"] = "light"


def take_pictures() -> None:
    """Make the runs that are missing, and write the pictures to ``docs/images/``.

    Raises:
        FileNotFoundError: If there is no Chromium.
    """
    path = shutil.which("chromium")
    if path is None:
        raise FileNotFoundError("no Chromium: `apt-get install chromium` brings it")
    layout = OutputLayout(OUTPUT)
    main(["data"])
    _deliver_badly()
    for options in RUNS[len(list_runs(layout).run_ids) :]:
        main(["run", "--config", "local", "--output", str(OUTPUT), *options])
    pictures = _plan(layout)
    IMAGES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=OPTIONS)
        for picture in pictures:
            size = _take(browser, picture)
            sys.stdout.write(f"{size / 1000:7.0f} kB  {picture.name}.png\n")
        browser.close()


def _deliver_badly() -> None:
    """Write the trips with an hour that there is not, and with a payment that nobody knows."""
    _, *rows = TRIPS.read_text(encoding="utf-8").splitlines()
    rows[310::3000] = set_cells(rows[310::3000], "trip_start_hour", lambda _: "24")
    rows[75::6000] = set_cells(rows[75::6000], "payment_type", lambda _: "Barter")
    BAD_DELIVERY.mkdir(parents=True, exist_ok=True)
    write_rows(BAD_DELIVERY, rows)


def _plan(layout: OutputLayout) -> list[Picture]:
    pushed, changed, refused = list_runs(layout).run_ids[: len(RUNS)]
    for run_id in (pushed, changed, refused):
        main(["report", run_id, "--config", "local", "--output", str(OUTPUT)])
    main(["compare", pushed, changed, "--config", "local", "--output", str(OUTPUT)])
    page = layout.report_path(changed)
    return [
        Picture("report-pushed", page),
        Picture("report-data-refused", layout.report_path(refused)),
        Picture("report-distributions", page, "distributions"),
        Picture("report-model-dark", page, "training", scheme="dark"),
        Picture("report-phone", page, width=PHONE_WIDTH, height=844),
        Picture("report-index", layout.reports_index_path),
        Picture("report-comparison", layout.comparison_path(pushed, changed)),
    ]


def _take(browser: Browser, picture: Picture) -> int:
    """Take a picture.

    Returns:
        Size of the file, in bytes.
    """
    context = browser.new_context(
        viewport={"width": picture.width, "height": picture.height},
        color_scheme=picture.scheme,
        reduced_motion="reduce",
        device_scale_factor=1.5,
    )
    page = context.new_page()
    anchor = f"#{picture.anchor}" if picture.anchor else ""
    page.goto(picture.page.as_uri() + anchor)
    path = IMAGES / f"{picture.name}.png"
    page.screenshot(path=path)
    context.close()
    return path.stat().st_size


if __name__ == "__main__":
    argparse.ArgumentParser(prog="python -m tests.browser.screens").parse_args()
    take_pictures()
