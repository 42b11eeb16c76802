"""What every module of internals promises: the version of the library that it was checked with."""

from __future__ import annotations

import importlib.metadata
import re
from types import ModuleType


def check_library(module: ModuleType) -> None:
    """Fail with the module's own sentence where its library is of another version."""
    sentences = re.findall(r"Checked with ([\w-]+) ([\w.]+)\.\n", module.__doc__ or "")
    assert sentences, f"{module.__name__}: its docstring says 'Checked with <library> <version>.'"
    for library, version in sentences:
        assert importlib.metadata.version(library) == version, (
            f"{module.__name__}: checked with {library} {version}; read again what it takes from "
            "the library's internals, and change the sentence"
        )
