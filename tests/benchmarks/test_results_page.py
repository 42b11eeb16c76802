"""Goals and tables, from results written by hand."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.goals import Goal, compare, list_goals, measure_step
from benchmarks.results import (
    NO_ROWS,
    Machine,
    Measurement,
    Results,
    append_line,
    read_results,
)
from benchmarks.results_page import (
    BEGIN,
    CHART,
    END,
    NOT_MEASURED,
    RESULTS,
    create_chart,
    format_goals,
    format_number,
    format_rows,
    format_tables,
    write_page,
)
from benchmarks.subjects import HELP, OURS, SCRIPT, STOCK, STOCK_IN_MEMORY

MACHINE = Machine(
    processor="a processor",
    cores=2,
    memory_gib=24,
    disk_free_gib=50,
    file_system="ext4",
    kernel="Linux 6",
    code="abc",
    packages={"stock": {"python": "3.10.13", "tfx": "1.16.0"}},
)


def create_measurement(subject: str, rows: int, seconds: float, **more: Any) -> Measurement:
    """Create a measurement that succeeded."""
    values: dict[str, Any] = {
        "repeat": 0,
        "started_at": datetime.datetime(2016, 12, 31, tzinfo=datetime.timezone.utc),
        "load_before": 0.1,
        "exit_code": 0,
        "succeeded": True,
        "cpu_seconds": 2 * seconds,
        "peak_process_bytes": 1 << 30,
        "peak_total_bytes": 2 << 30,
        **more,
    }
    return Measurement(subject=subject, rows=rows, seconds=seconds, **values)


def find_goal(results: Results, what: str) -> Goal:
    """Find a goal by how it begins."""
    return next(goal for goal in list_goals(results) if goal.what.startswith(what))


def test_ratios_are_taken_within_a_repeat() -> None:
    """A repeat that only one of two subjects has gives no ratio."""
    results = Results(
        [
            create_measurement(OURS, 15_000, 30, repeat=0),
            create_measurement(OURS, 15_000, 40, repeat=1),
            create_measurement(STOCK, 15_000, 100, repeat=1),
            create_measurement(STOCK, 15_000, 200, repeat=2),
        ]
    )

    assert compare(results, OURS, [STOCK], 15_000) == [0.4]


def test_stock_is_taken_at_its_best() -> None:
    """Of two ways to run it, the faster one in the same repeat is what ours is held against."""
    results = Results(
        [
            create_measurement(OURS, 15_000, 30),
            create_measurement(STOCK, 15_000, 200),
            create_measurement(STOCK_IN_MEMORY, 15_000, 60),
        ]
    )

    assert find_goal(results, "whole cold run, 15 k rows, against stock").values == [0.5]


def test_a_goal_is_met_by_the_median_of_its_ratios() -> None:
    """Two of three ratios within the limit meet it, and the range shows the third."""
    results = Results(
        create_measurement(subject, 15_000, seconds, repeat=repeat)
        for repeat, ours in enumerate((20, 30, 50))
        for subject, seconds in ((OURS, ours), (STOCK, 100))
    )
    goal = find_goal(results, "whole cold run, 15 k rows, against stock")

    assert goal.is_met
    assert "| ≤ 0.35 | 0.3 × (0.2–0.5) | yes |" in format_goals([goal])


def test_nodes_are_compared_by_their_own_seconds() -> None:
    """A node's goal goes by its seconds in both pipelines, and says no where it is missed."""
    results = Results(
        [
            create_measurement(OURS, 1_500_000, 100, steps={"CsvExampleGen": 10, "Transform": 30}),
            create_measurement(
                STOCK, 1_500_000, 900, steps={"CsvExampleGen": 500, "Transform": 90}
            ),
        ]
    )

    assert find_goal(results, "CsvExampleGen").is_met is True
    assert find_goal(results, "Transform").is_met is False
    assert find_goal(results, "Evaluator").is_met is None
    assert measure_step("no such step")(create_measurement(OURS, 1, 1)) is None


def test_growth_compares_two_sizes_of_ours() -> None:
    """Time and memory at 15 M rows are held against those at 1.5 M."""
    results = Results(
        [
            create_measurement(OURS, 1_500_000, 100),
            create_measurement(OURS, 15_000_000, 900, peak_total_bytes=3 << 30),
        ]
    )

    assert find_goal(results, "time of 15 M").values == [9.0]
    assert find_goal(results, "time of 15 M").is_met is True
    assert find_goal(results, "peak memory of 15 M").values == [1.5]
    assert find_goal(results, "peak memory of 15 M").is_met is False


@pytest.mark.parametrize(
    ("seconds", "imports_tensorflow", "is_met"),
    [(0.4, False, True), (0.4, True, False), (1.4, False, False)],
)
def test_a_start_must_be_quick_and_without_tensorflow(
    seconds: float, imports_tensorflow: bool, is_met: bool
) -> None:
    """Both are needed."""
    measured = create_measurement(HELP, NO_ROWS, seconds, imports_tensorflow=imports_tensorflow)

    assert find_goal(Results([measured]), "`python -m pipelines --help`").is_met is is_met


def test_incomplete_results_say_what_was_not_measured() -> None:
    """Without any measurement every goal is there, and none is met."""
    goals = list_goals(Results([]))

    lines = format_goals(goals).splitlines()[2:]
    assert len(lines) == len(goals) == 14
    assert all(line.endswith(f"| {NOT_MEASURED} | {NOT_MEASURED} |") for line in lines)


def test_failed_measurements_count_nowhere() -> None:
    """A command that failed quickly is not fast."""
    failed = create_measurement(OURS, 15_000, 1, succeeded=False, exit_code=1)
    results = Results([failed, create_measurement(STOCK, 15_000, 100)])

    assert find_goal(results, "whole cold run, 15 k").is_met is None
    assert not results.has(OURS, 15_000, 0)


def test_results_are_read_back_and_the_later_one_counts(tmp_path: Path) -> None:
    """Each appended line is a measurement; the same one measured again takes its place."""
    path = tmp_path / "results.jsonl"
    for line in (MACHINE, create_measurement(OURS, 15_000, 9), MACHINE):
        append_line(path, line)
    append_line(path, create_measurement(OURS, 15_000, 8))

    results = read_results([path])

    assert results.machines == [MACHINE]
    assert [each.seconds for each in results.measurements] == [8]


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    """The message names file and line."""
    path = tmp_path / "results.jsonl"
    path.write_text('{"kind": "other"}\n')

    with pytest.raises(ValueError, match=r"results\.jsonl:1: expected a line of results"):
        read_results([path])


def test_the_page_gets_the_tables_between_its_markers(tmp_path: Path) -> None:
    """The text around the markers stays, twice as once; chart and results lie beside the page."""
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nearlier tables\n{END}\nafter\n")
    results = Results(
        [
            MACHINE,
            create_measurement(OURS, 15_000, 30, row_counts={"csv": 15_000}, outcome="pushed"),
            create_measurement(SCRIPT, 150_000, 20, metrics={"auc": 0.95123}),
        ]
    )

    write_page(results, page)
    once = page.read_text()
    write_page(results, page)

    assert page.read_text() == once
    assert once.startswith(f"before\n{BEGIN}\n")
    assert once.endswith(f"{END}\nafter\n")
    assert "earlier tables" not in once
    assert "| 15 k | ours | 15,000 | pushed |" in once
    assert "| 150 k | script |  |  | 0.9512 |" in once
    assert (tmp_path / CHART).read_text().startswith("<svg")
    assert len(json.loads((tmp_path / RESULTS).read_text())["measurements"]) == 2


def test_a_page_without_markers_is_refused(tmp_path: Path) -> None:
    """Nothing is written to a page that does not say where."""
    page = tmp_path / "page.md"
    page.write_text("no markers\n")

    with pytest.raises(ValueError, match="expected the lines"):
        write_page(Results([]), page)
    assert page.read_text() == "no markers\n"


def test_every_table_can_be_made_of_nothing() -> None:
    """No measurement is needed for any of them."""
    assert format_tables(Results([])).count("###") == 9


def test_the_chart_shows_the_subjects_that_were_measured() -> None:
    """Both axes are logarithmic, and only what was measured is in the legend."""
    chart = create_chart([{"subject": OURS, "rows": 15_000, "seconds": 30.0}])

    assert chart["encoding"]["color"]["scale"]["domain"] == [OURS]
    axes = (chart["encoding"]["x"], chart["layer"][0]["encoding"]["y"])
    assert [axis["scale"] for axis in axes] == [{"type": "log"}] * 2


@pytest.mark.parametrize(
    ("value", "text"), [(0.01234, "0.0123"), (12.34, "12.3"), (1234.4, "1,234"), (0, "0")]
)
def test_numbers_have_three_digits(value: float, text: str) -> None:
    """Or all before the point."""
    assert format_number(value) == text


@pytest.mark.parametrize(("rows", "text"), [(15_000, "15 k"), (1_500_000, "1.5 M")])
def test_sizes_are_short(rows: int, text: str) -> None:
    """In thousands or millions."""
    assert format_rows(rows) == text
