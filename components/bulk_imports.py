"""Import TFX, TensorFlow and Beam, which are eight thousand modules, at once."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def pause_garbage_collection() -> Iterator[None]:
    """Disable garbage collection during bulk imports, which create nothing but objects that stay.

    Python would search everything again and again as more is created, which is a third of the
    time. Later searches leave out what is there at the end, even in processes forked afterwards.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()
