"""Choose the champion from what was pushed and what people changed; plain Python."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable


class Action(str, enum.Enum):
    """What a person did to the champion."""

    RESET = "reset"
    """There is no champion: the next model is judged by absolute gates alone."""
    ROLLBACK = "rollback"
    """An earlier model is the champion again, and serves."""


@dataclasses.dataclass(frozen=True)
class Push:
    """A model that was pushed.

    Attributes:
        order: Id of its ``PushedModel`` artifact; ids grow with time.
        model_id: Id of its ``Model`` artifact.
    """

    order: int
    model_id: int


@dataclasses.dataclass(frozen=True)
class Change:
    """A change that a person made.

    Attributes:
        order: Id of its ``ChampionChange`` artifact; ids grow with time.
        action: What was done.
        model_id: Id of the ``Model`` that a rollback went to; None for a reset.
    """

    order: int
    action: Action
    model_id: int | None


def choose_champion(pushes: Iterable[Push], changes: Iterable[Change]) -> int | None:
    """Choose the champion.

    Args:
        pushes: Every model that was pushed.
        changes: Every change that a person made.

    Returns:
        Id of its ``Model`` artifact: what came last, push or change, decides; None where nothing
        was pushed yet, or a reset came last.
    """
    last_push = max(pushes, key=lambda push: push.order, default=None)
    last_change = max(changes, key=lambda change: change.order, default=None)
    if last_change is None:
        return last_push.model_id if last_push else None
    if last_push is not None and last_push.order > last_change.order:
        return last_push.model_id
    return last_change.model_id
