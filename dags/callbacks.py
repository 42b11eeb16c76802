"""Find the functions that the configuration names."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any


def load_callback(path: str) -> Callable[[Any], None]:
    """Import a function.

    Args:
        path: ``package.module.function``.

    Raises:
        ImportError: If there is no such module, or no such function in it; one line says which.
    """
    module_name, _, name = path.rpartition(".")
    module = importlib.import_module(module_name)
    found = getattr(module, name, None)
    if not callable(found):
        raise ImportError(  # noqa: TRY004 - as where the module is not there
            f"on_failure: got {path!r}, and {module_name} has no function {name!r}"
        )
    return found
