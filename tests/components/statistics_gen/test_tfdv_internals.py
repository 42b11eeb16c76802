from __future__ import annotations

from components.statistics_gen import tfdv_internals
from tests.internals import check_library


def test_the_library_is_the_one_that_was_checked() -> None:
    """TFDV's internals may change with any version."""
    check_library(tfdv_internals)
