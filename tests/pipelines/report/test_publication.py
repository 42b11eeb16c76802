"""Writing a page."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipelines.config.layout import OutputLayout
from pipelines.report.publication import write_page


def test_a_page_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    """The folder is made, and nothing but the page is left in it."""
    path = tmp_path / "reports" / "run" / "index.html"

    write_page(path, "old")
    write_page(path, "new ≥ old")

    assert path.read_text(encoding="utf-8") == "new ≥ old"
    assert list(path.parent.iterdir()) == [path]


def test_a_page_that_fails_leaves_the_old_one(tmp_path: Path) -> None:
    """What can't be written whole is not written at all."""
    path = tmp_path / "index.html"
    write_page(path, "old")

    with pytest.raises(UnicodeEncodeError):
        write_page(path, "half \ud800")

    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_page_is_as_readable_as_other_files(tmp_path: Path) -> None:
    """A web server of another user can read it where the umask lets others read."""
    before = os.umask(0o022)
    try:
        write_page(tmp_path / "index.html", "page")
    finally:
        os.umask(before)

    assert (tmp_path / "index.html").stat().st_mode & 0o777 == 0o644


def test_pages_stay_below_the_output_root(tmp_path: Path) -> None:
    """A run's name can't lead out of the folder, in either place of a comparison."""
    layout = OutputLayout(tmp_path)

    assert layout.report_path("20260101T000000Z").parent.parent == layout.reports_directory
    for before, after in (("../up", "run"), ("run", "../up"), ("run", "")):
        with pytest.raises(ValueError, match="run id"):
            layout.comparison_path(before, after)
