"""The base of everything that is read back from disk or from the metadata store; plain Python."""

from __future__ import annotations

from components.frozen_model import FrozenModel

FORMAT_VERSION = 1
"""Of the records that carry a version; one without is of version 1."""


class Record(FrozenModel, extra="ignore"):
    """What one version writes and another may read.

    A field that the reader does not know is ignored.
    """
