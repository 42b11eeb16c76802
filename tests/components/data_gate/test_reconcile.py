"""Row counts of two steps."""

from __future__ import annotations

from components.data_gate.reconcile import ALL_ROWS, StepCount, reconcile

CSV = StepCount("the CSV files", {ALL_ROWS: 10})
EXAMPLES = StepCount("CsvExampleGen", {"train": 6, "validation": 1, "test": 3})


def test_steps_that_agree_have_no_mismatch() -> None:
    """In total, split by split, and where a step takes only some of the splits."""
    assert reconcile(CSV, EXAMPLES) == ()
    assert reconcile(EXAMPLES, StepCount("StatisticsGen", EXAMPLES.rows)) == ()
    assert reconcile(EXAMPLES, StepCount("Evaluator", {"test": 3}, is_partial=True)) == ()


def test_a_mismatch_names_both_numbers() -> None:
    """Each step with its rows, the split, and which way they went."""
    [mismatch] = reconcile(EXAMPLES, StepCount("Evaluator", {"test": 2}, is_partial=True))

    assert (mismatch.rows_before, mismatch.rows_after) == (3, 2)
    for part in ("Evaluator has 2 rows of split 'test'", "CsvExampleGen 3", "lost"):
        assert part in mismatch.message


def test_a_total_is_compared_with_the_sum() -> None:
    """The CSV files know of no splits."""
    [mismatch] = reconcile(StepCount("the CSV files", {ALL_ROWS: 9}), EXAMPLES)

    assert mismatch.split == ALL_ROWS
    assert "CsvExampleGen has 10 rows, the CSV files 9" in mismatch.message
    assert "added" in mismatch.message


def test_a_split_that_is_gone_has_no_rows() -> None:
    """Unless the step takes only some of the splits."""
    rows = {"train": 6, "test": 3}

    assert [one.split for one in reconcile(EXAMPLES, StepCount("StatisticsGen", rows))] == [
        "validation"
    ]
    assert reconcile(EXAMPLES, StepCount("Transform", rows, is_partial=True)) == ()
