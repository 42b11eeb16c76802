"""Resolve the champion for the Evaluator: TFX's adapter of ``choice``."""

from __future__ import annotations

import ml_metadata
from tfx.dsl.components.common.resolver import ResolverStrategy
from tfx.types import Artifact
from tfx.types.standard_artifacts import Model, PushedModel

from components.champion.artifact import ChampionChange
from components.champion.choice import Action, Change, Push, choose_champion
from components.champion.properties import ACTION_PROPERTY
from components.pusher.pushed_model import MODEL_ID_PROPERTY, read_pushed_version


class ChampionStrategy(ResolverStrategy):
    """Pick the champion's ``Model`` from channels of models, pushed models and changes."""

    def resolve_artifacts(
        self, store: ml_metadata.MetadataStore, input_dict: dict[str, list[Artifact]]
    ) -> dict[str, list[Artifact]]:
        """Resolve the channels.

        Args:
            input_dict: Every live artifact of a channel of ``Model``, of one of ``PushedModel``
                and of one of ``ChampionChange``, under any key.

        Returns:
            The champion under the key of the models, or nothing; nothing under the other keys.
        """
        del store
        listed = [(key, artifact) for key, group in input_dict.items() for artifact in group]
        champion = choose_champion(
            [
                Push(artifact.id, artifact.get_int_custom_property(MODEL_ID_PROPERTY))
                for _, artifact in listed
                if artifact.type_name == PushedModel.TYPE_NAME
                and read_pushed_version(artifact.mlmd_artifact) is not None
                and artifact.get_int_custom_property(MODEL_ID_PROPERTY)
            ],
            [
                _read_change(artifact)
                for _, artifact in listed
                if artifact.type_name == ChampionChange.TYPE_NAME
            ],
        )
        resolved: dict[str, list[Artifact]] = {key: [] for key in input_dict}
        for key, artifact in listed:
            if artifact.type_name == Model.TYPE_NAME and artifact.id == champion:
                resolved[key] = [artifact]
        return resolved


def _read_change(artifact: Artifact) -> Change:
    action = Action(artifact.get_string_custom_property(ACTION_PROPERTY))
    model_id = artifact.get_int_custom_property(MODEL_ID_PROPERTY)
    return Change(artifact.id, action, model_id or None)
