"""What StatisticsGen takes from TFDV that TFDV promises to nobody."""

from __future__ import annotations

import importlib.metadata

from components.statistics_gen import tfdv_internals


def test_tfdv_is_of_the_version_that_was_checked() -> None:
    """An upgrade of TFDV asks for a look at its generators."""
    version = importlib.metadata.version("tensorflow-data-validation")

    assert version == tfdv_internals.CHECKED_VERSION, tfdv_internals.__doc__
