"""Choose the champion from what was pushed and what was changed since; plain Python.

Both are artifacts in the metadata store. A change names its model, and the folder of its version,
by the same properties as a ``PushedModel``.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable
from typing import TYPE_CHECKING

from components.pusher.pushed_model import MODEL_ID_PROPERTY, read_pushed_version
from components.record_file import UnreadableRecordError

if TYPE_CHECKING:
    from ml_metadata.proto import metadata_store_pb2 as mlmd

CHAMPION_CHANGE_TYPE = "ChampionChange"
"""Type of a change's artifact, and of the execution that put it out."""

ACTION_PROPERTY = "action"
VERSION_PROPERTY = "version"


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
        version: Version that holds it; None also where that does not matter.
    """

    order: int
    action: Action
    model_id: int | None
    version: int | None = None


def read_push(artifact: mlmd.Artifact) -> Push | None:
    """Read a push from its artifact; None where nothing was pushed, or its model is not known."""
    pushed = read_pushed_version(artifact)
    model_id = artifact.custom_properties[MODEL_ID_PROPERTY].int_value
    return Push(artifact.id, model_id, pushed.version) if pushed and model_id else None


def read_change(artifact: mlmd.Artifact) -> Change:
    """Read a change from its artifact.

    Raises:
        UnreadableRecordError: If the action is one that this version does not know.
    """
    properties = artifact.custom_properties
    text = properties[ACTION_PROPERTY].string_value
    try:
        action = Action(text)
    except ValueError as error:
        raise UnreadableRecordError(
            f"champion change {artifact.id}: got {text!r}, expected one of {', '.join(Action)}; "
            "use the version of this product that recorded it"
        ) from error
    model_id = properties[MODEL_ID_PROPERTY].int_value or None
    return Change(artifact.id, action, model_id, properties[VERSION_PROPERTY].int_value or None)


def find_latest(pushes: Iterable[Push], changes: Iterable[Change]) -> Push | Change | None:
    """Find the last push or change, which decides what the champion is; None where none was."""
    listed: list[Push | Change] = [*pushes, *changes]
    return max(listed, key=lambda one: one.order, default=None)


def choose_champion(pushes: Iterable[Push], changes: Iterable[Change]) -> int | None:
    """Choose the champion, by the id of its ``Model``; None where there is none."""
    latest = find_latest(pushes, changes)
    return latest.model_id if latest else None
