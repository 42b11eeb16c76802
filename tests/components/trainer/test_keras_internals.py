from __future__ import annotations

from components.trainer import keras_internals
from tests.internals import check_library


def test_the_library_is_the_one_that_was_checked() -> None:
    """The functions that Keras's ``fit`` calls may change with any version."""
    check_library(keras_internals)
