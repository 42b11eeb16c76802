"""Pages of small reports."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.records.run_summary import Verdict
from pipelines.report.pages.run_page import render_report
from tests.tiny_report import create_report

PageMaker = Callable[[Verdict], Path]


@pytest.fixture(scope="session")
def write_page(tmp_path_factory: pytest.TempPathFactory) -> PageMaker:
    """Writes the page of a small run that ended with a verdict, once a verdict."""
    folder = tmp_path_factory.mktemp("pages")

    def write(verdict: Verdict) -> Path:
        path = folder / f"{verdict.value}.html"
        if not path.exists():
            path.write_text(render_report(create_report(verdict)), encoding="utf-8")
        return path

    return write
