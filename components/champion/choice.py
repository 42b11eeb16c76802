"""Choose the champion from what was pushed and what was changed since; plain Python."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable


class Action(str, enum.Enum):
    """How the champion became another without a push."""

    RESET = "reset"
    """A person's: there is no champion, the next model is judged by absolute gates alone."""
    ROLLBACK = "rollback"
    """A person's: an earlier model is the champion again, and serves."""
    RECOVERED = "recovered"
    """A command's, which found that another version serves than was recorded, or none."""


@dataclasses.dataclass(frozen=True)
class Push:
    """A model that was pushed.

    Attributes:
        order: Id of its ``PushedModel`` artifact; ids grow with time.
        model_id: Id of its ``Model`` artifact.
        version: Version that holds it; None where that does not matter.
    """

    order: int
    model_id: int
    version: int | None = None


@dataclasses.dataclass(frozen=True)
class Change:
    """A change without a push.

    Attributes:
        order: Id of its ``ChampionChange`` artifact; ids grow with time.
        model_id: Id of the ``Model`` that is the champion since; None where there is none.
        version: Version that holds it; None where there is none, or that does not matter.
    """

    order: int
    action: Action
    model_id: int | None
    version: int | None = None


def find_latest(pushes: Iterable[Push], changes: Iterable[Change]) -> Push | Change | None:
    """Find what came last, push or change: it says which model is the champion.

    Returns:
        The last of them; None where nothing was pushed or changed yet.
    """
    listed: list[Push | Change] = [*pushes, *changes]
    return max(listed, key=lambda one: one.order, default=None)


def choose_champion(pushes: Iterable[Push], changes: Iterable[Change]) -> int | None:
    """Choose the champion.

    Returns:
        Id of its ``Model`` artifact; None where nothing was pushed yet, or what came last left
        none.
    """
    latest = find_latest(pushes, changes)
    return latest.model_id if latest else None
