"""Import much at once: TFX, TensorFlow and Beam are eight thousand modules."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def pause_garbage_collection() -> Iterator[None]:
    """Disable garbage collection during bulk imports: all that they make stays.

    Python would look through everything again and again as more is made, which is a third of the
    time. What is there at the end is left out of every later search too, also by processes that
    are forked then.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()
