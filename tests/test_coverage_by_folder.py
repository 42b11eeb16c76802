"""The table of `make coverage`."""

from __future__ import annotations

from typing import Any

from tests.coverage_by_folder import sum_by_folder


def _measure(ran: int, statements: int) -> dict[str, Any]:
    return {"summary": {"covered_lines": ran, "num_statements": statements}}


def test_sums_up_the_files_of_each_folder_alone() -> None:
    """A folder counts its own files, and not those of the folders in it."""
    files = {
        "pipelines/a.py": _measure(1, 2),
        "pipelines/b.py": _measure(3, 3),
        "pipelines/report/c.py": _measure(0, 4),
    }

    assert sum_by_folder(files) == {"pipelines": (4, 5), "pipelines/report": (0, 4)}
