"""What Transform takes from TFT, tfx_bsl and TFX that they promise to nobody."""

from __future__ import annotations

import importlib.metadata

from components.transform import tft_internals


def test_the_libraries_are_of_the_versions_that_were_checked() -> None:
    """An upgrade asks for a look at how TFX's own executor uses them."""
    checked = tft_internals.CHECKED_VERSIONS
    installed = {name: importlib.metadata.version(name) for name in checked}

    assert installed == checked, tft_internals.__doc__
