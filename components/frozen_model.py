"""The one base of configuration, requests and reports; plain Python."""

from __future__ import annotations

import pydantic


class FrozenModel(pydantic.BaseModel):
    """Typed, checked once and never changed; an unknown key is a mistake.

    Configuration adds ``strict=True``, so that a text does not pass for a number. What is read back
    from disk builds on ``Record`` instead.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid")
