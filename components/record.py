"""The base of everything that is read back from disk or from the metadata store; plain Python."""

from __future__ import annotations

import pydantic

FORMAT_VERSION = 1
"""Of the records that carry a version; one without is of version 1."""


class Record(pydantic.BaseModel):
    """What one version writes and another may read.

    A field that the reader does not know is passed over. Configuration does not build on this:
    there, an unknown key is a mistake.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="ignore")
