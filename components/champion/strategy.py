"""Resolve the champion for the Evaluator: TFX's adapter of ``choice``."""

from __future__ import annotations

import ml_metadata
from tfx.dsl.components.common.resolver import ResolverStrategy
from tfx.types.artifact import Artifact
from tfx.types.standard_artifacts import Model, PushedModel

from components.champion.choice import CHAMPION_CHANGE_TYPE, choose_champion, read_change, read_push


class ChampionChange(Artifact):
    """A change of the champion without a push; it has no files."""

    TYPE_NAME = CHAMPION_CHANGE_TYPE


class ChampionStrategy(ResolverStrategy):
    """Pick the champion's ``Model`` from channels of models, pushed models and changes."""

    def resolve_artifacts(
        self, store: ml_metadata.MetadataStore, input_dict: dict[str, list[Artifact]]
    ) -> dict[str, list[Artifact]]:
        """Give the champion, or nothing, under the key of the models; nothing under other keys."""
        del store
        by_type: dict[str, list[Artifact]] = {}
        for artifact in (one for listed in input_dict.values() for one in listed):
            by_type.setdefault(artifact.type_name, []).append(artifact.mlmd_artifact)
        champion = choose_champion(
            filter(None, map(read_push, by_type.get(PushedModel.TYPE_NAME, ()))),
            map(read_change, by_type.get(CHAMPION_CHANGE_TYPE, ())),
        )
        return {
            key: [one for one in listed if one.type_name == Model.TYPE_NAME and one.id == champion]
            for key, listed in input_dict.items()
        }
