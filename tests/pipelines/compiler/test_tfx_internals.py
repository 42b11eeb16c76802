"""What the compiler takes from TFX that TFX promises to nobody."""

from __future__ import annotations

import importlib.metadata

from pipelines.compiler import tfx_internals


def test_tfx_is_of_the_version_that_was_checked() -> None:
    """An upgrade of TFX asks for a look at its compiler and at its reading of deployments."""
    assert importlib.metadata.version("tfx") == tfx_internals.CHECKED_VERSION, tfx_internals.__doc__
