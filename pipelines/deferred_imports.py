"""Put off imports that TFX, TFMA and Beam make at once and that a run of ours never needs.

``tfx.components`` imports all its twenty components, a Kubernetes client and a tuner with a second
Keras among them; TFMA imports a tool kit for natural language for one metric. Together they are a
third of what importing the pipeline takes. A package named here is there, and so are its modules,
but the code of its ``__init__`` runs only when something that this code defines is asked for.
Python's own ``LazyLoader`` would run it as soon as one of the package's modules is imported.
"""

from __future__ import annotations

import contextlib
import gc
import importlib.abc
import importlib.machinery
import importlib.util
import sys
import types
from collections.abc import Iterator, Sequence

DEFERRED = (
    "docker",
    "google.cloud.bigquery",
    "nltk",
    "nltk.stem",
    "rouge_score",
    "scipy.stats",
    "sklearn",
    "tensorflow",
    "tfx.components",
)
"""Packages and modules that are put off."""

_DEFINED_BY_CODE = ("__all__", "__version__")
"""Names with underscores that a module's code gives it; what else is asked for, Python itself asks
for, without needing an answer."""


class _DeferringLoader(importlib.abc.Loader):
    """Leaves a module empty until it is asked for something that it does not have."""

    def __init__(self, loader: importlib.abc.Loader) -> None:
        self._loader = loader

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: types.ModuleType) -> None:
        def find_attribute(name: str) -> object:
            if name.startswith("__") and name not in _DEFINED_BY_CODE:
                raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
            if _has_submodule(module, name):
                return importlib.import_module(f"{module.__name__}.{name}")
            vars(module).pop("__getattr__", None)
            self._loader.exec_module(module)
            return getattr(module, name)

        vars(module)["__getattr__"] = find_attribute


class _DeferringFinder(importlib.abc.MetaPathFinder):
    """Finds what is put off where Python itself would."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: types.ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        """Find a module that is put off; none for any other."""
        if fullname not in DEFERRED:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _DeferringLoader(spec.loader)
        return spec


def defer_imports() -> None:
    """Put off imports of this process from now on; does nothing the second time."""
    if not any(isinstance(finder, _DeferringFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _DeferringFinder())


@contextlib.contextmanager
def paused_collection() -> Iterator[None]:
    """Look for no garbage while much is imported: all of it stays.

    Python looks through everything again and again as more is made, which is a third of the time
    that importing TensorFlow, Beam and TFX takes. What is there at the end is left out of every
    later search too, also by processes that are forked then.

    Yields:
        For the imports.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()


def _has_submodule(module: types.ModuleType, name: str) -> bool:
    path = getattr(module, "__path__", None)
    fullname = f"{module.__name__}.{name}"
    return path is not None and importlib.machinery.PathFinder.find_spec(fullname, path) is not None
