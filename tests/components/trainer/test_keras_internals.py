"""What the Trainer takes from Keras that Keras promises to nobody."""

from __future__ import annotations

import importlib.metadata

from components.trainer import keras_internals


def test_keras_is_of_the_version_that_was_checked() -> None:
    """An upgrade of Keras asks for a look at the functions that ``fit`` calls."""
    version = importlib.metadata.version("tf-keras")

    assert version == keras_internals.CHECKED_VERSION, keras_internals.__doc__
