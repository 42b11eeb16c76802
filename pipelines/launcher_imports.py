"""Import TFX's launcher without the packages that only executors need.

The launcher resolves a node's inputs and looks the node up in the cache; where it is there, nothing
is executed. TensorFlow, Beam, TFDV, TFT and TFMA are nine tenths of what importing TFX takes, and
the launcher has them on its way for type annotations, documentation and files that are not local.
They are imported when something is executed.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator

from pipelines.deferred_imports import defer_imports, paused_collection

_BEAM = "apache_beam"
_BEAM_OPERATOR = "tfx.orchestration.portable.beam_executor_operator"
_BEAM_EXECUTOR = "tfx.dsl.components.base.base_beam_executor"
_LAUNCHED = (
    "pipelines.node",
    # What nodes run to find their inputs.
    "components.champion.strategy",
    "components.csv_example_gen.driver",
    "components.data_gate.latest_accepted",
    "components.training_window.earlier_spans",
    # What TFX imports when it creates an artifact and when it executes.
    "grpc._server",
    "setuptools",
    "tfx.extensions",
)


@paused_collection()
def import_launcher() -> None:
    """Import TFX's launcher and what else running a cached node takes.

    To be called before anything of TFX is imported.
    """
    defer_imports()
    if _BEAM not in sys.modules:
        # Without Beam TFX's launcher works, and knows that it is not installed by this.
        sys.modules[_BEAM] = None  # type: ignore[assignment]
        try:
            importlib.import_module(_BEAM_OPERATOR)
        finally:
            del sys.modules[_BEAM]
    for name in _LAUNCHED:
        importlib.import_module(name)
    importlib.import_module("pipelines.local_files").prefer_python()


@paused_collection()
def import_execution() -> None:
    """Import TensorFlow and Beam, and let TFX know them; does nothing the second time."""
    # The C++ libraries announce missing GPUs while they are imported.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # By something of its own: a module of it that runs before the package's own code would settle
    # on the behaviour of TensorFlow 1.
    _ = importlib.import_module("tensorflow").__version__
    beam_executor = importlib.import_module(_BEAM_EXECUTOR)
    if beam_executor.beam is None:
        importlib.reload(beam_executor)
        importlib.import_module("pipelines.local_files").prefer_tensorflow()


def import_components() -> Iterator[None]:
    """Import all that compiling and executing take.

    Yields:
        After every part of it, for others to go on.
    """
    import_execution()
    for package in ("tensorflow_transform", "tensorflow_data_validation", "pipelines.compilation"):
        yield
        with paused_collection():
            importlib.import_module(package)
