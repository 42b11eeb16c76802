"""Names under which changes of the champion are kept in the metadata store; plain Python.

Which model became the champion, and the folder of its version, stand under the names that a
``PushedModel`` has for them (``components.pusher.pushed_model``).
"""

from __future__ import annotations

CHAMPION_CHANGE_TYPE = "ChampionChange"
"""Type of the artifact, and of the execution that put it out."""

ACTION_PROPERTY = "action"
VERSION_PROPERTY = "version"
FROM_VERSION_PROPERTY = "from_version"
REASON_PROPERTY = "reason"
WHO_PROPERTY = "who"
WHEN_PROPERTY = "when"
"""Time of the change, ISO 8601 in UTC."""
