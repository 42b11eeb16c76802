"""The kinds of anomaly and what the documentation says of them."""

from __future__ import annotations

from pathlib import Path

from components.data_gate.anomaly_kinds import DEFAULTS

PAGE = Path(__file__).parents[3] / "docs/data-gate.md"


def test_the_page_lists_every_kind_with_its_default() -> None:
    """Whoever reads the page reads what the gate does."""
    listed = {
        cells[1].strip(" `"): (cells[2].strip(), cells[3].strip())
        for line in PAGE.read_text(encoding="utf-8").splitlines()
        if len(cells := line.split("|")) == 5 and cells[1].strip(" `").isupper()
    }

    assert listed == DEFAULTS
