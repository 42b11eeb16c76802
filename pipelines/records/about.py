"""What people state about a pipeline's model: the ``about:`` part of the configuration.

This module is plain Python.
"""

from __future__ import annotations

from typing import Annotated

import pydantic

from components.frozen_model import FrozenModel

_Text = Annotated[str, pydantic.Field(min_length=1)]
_Texts = Annotated[tuple[_Text, ...], pydantic.Field(strict=False)]


class About(FrozenModel, strict=True):
    """Facts about the model that no artifact holds; its card shows them (Mitchell et al., 2019).

    Attributes:
        purpose: What the model is for, in a sentence or two.
        owners: Who answers for it: people, teams or addresses.
        intended_uses: What its scores may be used for.
        unfit_uses: What they must not be used for.
        limits: Known weaknesses of data and model.
        data_source: Where the rows come from, and under which terms.
    """

    purpose: str = ""
    owners: _Texts = ()
    intended_uses: _Texts = ()
    unfit_uses: _Texts = ()
    limits: _Texts = ()
    data_source: str = ""
