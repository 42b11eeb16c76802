"""Where tasks' sample data comes from."""

from __future__ import annotations

import pytest

from schemas.sample_data import SampleData, find_sample_data


def test_a_task_brings_its_own_sample_data() -> None:
    """The taxi task names a file that is there; a task without such a module has none."""
    sample = find_sample_data("chicago_taxi")

    assert sample is not None
    assert sample.find_source().is_file()
    assert find_sample_data("no_such_task") is None


@pytest.mark.parametrize(
    ("package", "reason"),
    [("no_such_package", "is not installed"), ("json", "carries no such file")],
)
def test_a_missing_source_is_explained(package: str, reason: str) -> None:
    """The error names the file and the package, and tells which of the two is missing."""
    with pytest.raises(FileNotFoundError, match=rf"package '{package}', .*, {reason}") as caught:
        SampleData(package, "rows.csv", "month").find_source()

    assert str(caught.value.filename).endswith("rows.csv")
