"""Show coverage's JSON as a table of folders: ``python -m tests.coverage_by_folder FILE``."""

from __future__ import annotations

import collections
import json
import sys
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

from rich.console import Console
from rich.table import Table


def sum_by_folder(files: Mapping[str, Mapping[str, Any]]) -> dict[str, tuple[int, int]]:
    """Sum up each folder's own files.

    Args:
        files: The ``files`` of coverage's JSON report.

    Returns:
        Statements that ran, and all statements, by folder.
    """
    sums: dict[str, tuple[int, int]] = collections.defaultdict(lambda: (0, 0))
    for name, file in sorted(files.items()):
        folder = str(PurePath(name).parent)
        ran, all_of_them = sums[folder]
        summary = file["summary"]
        sums[folder] = (ran + summary["covered_lines"], all_of_them + summary["num_statements"])
    return dict(sums)


def main() -> None:
    """Print a line for each folder, and one for all."""
    sums = sum_by_folder(json.loads(Path(sys.argv[1]).read_text())["files"])
    totals = [sum(column) for column in zip(*sums.values(), strict=True)]
    table = Table("folder", box=None)
    for name in ("statements", "ran", "share"):
        table.add_column(name, justify="right")
    for folder, (ran, all_of_them) in [*sums.items(), ("all", tuple(totals))]:
        if all_of_them:
            table.add_row(folder, f"{all_of_them:,}", f"{ran:,}", f"{ran / all_of_them:.0%}")
    Console().print(table, highlight=False)


if __name__ == "__main__":
    main()
