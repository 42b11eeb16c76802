from __future__ import annotations

from components.transform import tft_internals
from tests.internals import check_library


def test_the_libraries_are_those_that_were_checked() -> None:
    """The internals of TFT, tfx_bsl and TFX may change with any version."""
    check_library(tft_internals)
