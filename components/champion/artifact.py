"""The artifact that keeps a person's change of the champion, and the names of its properties.

This module imports TFX's artifact types; the property names alone are in ``properties``.
"""

from __future__ import annotations

from tfx.types.artifact import Artifact

from components.champion.properties import CHAMPION_CHANGE_TYPE


class ChampionChange(Artifact):
    """A change of the champion without a push; it has no files."""

    TYPE_NAME = CHAMPION_CHANGE_TYPE
