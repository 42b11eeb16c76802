"""What a ``PushedModel`` artifact records of its push; plain Python."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from components.record import Record

if TYPE_CHECKING:
    from ml_metadata.proto import metadata_store_pb2 as mlmd

PUSHED_MODEL_TYPE = "PushedModel"
PUSHED_PROPERTY = "pushed"
"""Custom property, TFX's: 1 if the model was pushed, 0 if it was not blessed."""
VERSION_PROPERTY = "pushed_version"
"""Custom property, TFX's: the version's number, as text."""
DESTINATION_PROPERTY = "pushed_destination"
"""Custom property, TFX's: folder of the version."""
NEWLY_PUSHED_PROPERTY = "newly_pushed"
"""Custom property: 1 if this push added the version, 0 if it was in place."""
MODEL_ID_PROPERTY = "model_id"
"""Custom property: id of the ``Model`` artifact that was pushed."""


class PushedVersion(Record):
    """A version that is in place.

    Attributes:
        version: Its number, >= 1.
        is_new: Whether this push added it; False where the newest version was this very model, so
            that nothing was copied.
    """

    version: int
    path: str
    is_new: bool


def read_pushed_version(artifact: mlmd.Artifact) -> PushedVersion | None:
    """Read which version an artifact stands for; None where it is no model that was pushed."""
    properties = artifact.custom_properties
    if not properties[PUSHED_PROPERTY].int_value:
        return None
    return PushedVersion(
        version=int(properties[VERSION_PROPERTY].string_value),
        path=properties[DESTINATION_PROPERTY].string_value,
        is_new=bool(properties[NEWLY_PUSHED_PROPERTY].int_value),
    )


def find_pushed_version(artifacts: Iterable[mlmd.Artifact]) -> PushedVersion | None:
    """Find the first version that artifacts stand for; None where nothing was pushed."""
    return next(filter(None, map(read_pushed_version, artifacts)), None)
