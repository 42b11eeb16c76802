"""Names under which changes of the champion stand in the metadata store; plain Python."""

from __future__ import annotations

CHAMPION_CHANGE_TYPE = "ChampionChange"
"""Type of the artifact, and of the execution that put it out."""

ACTION_PROPERTY = "action"
MODEL_ID_PROPERTY = "model_id"
"""On a change: the model that it made champion, 0 for none. On a ``PushedModel``: its model."""
VERSION_PROPERTY = "version"
REASON_PROPERTY = "reason"
WHO_PROPERTY = "who"
DESTINATION_PROPERTY = "pushed_destination"
"""Folder of the version; on a ``PushedModel`` it is TFX's."""
WHEN_PROPERTY = "when"
"""Time of the change, ISO 8601 in UTC."""
