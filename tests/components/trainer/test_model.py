"""The network: its inputs, its output, and what it refuses."""

from __future__ import annotations

import pytest
import tensorflow as tf

from components.trainer.model import ModelInput, build_model
from components.trainer.settings import TrainerSettings

SETTINGS = TrainerSettings(hidden_units=(4,), embedding_width=3)


def test_gives_one_probability_a_row() -> None:
    """Floats and indices of shape [batch] become probabilities of shape [batch, 1]."""
    model = build_model([ModelInput("fare", None), ModelInput("hour", 25)], SETTINGS)

    answer = model({"fare": tf.constant([0.5, -1.0]), "hour": tf.constant([0, 24], tf.int64)})

    assert answer.shape == (2, 1)
    assert bool(tf.reduce_all((answer > 0) & (answer < 1)))


def test_embeds_each_index_in_the_configured_width() -> None:
    """An input with 25 indices has 25 embeddings as wide as the settings say."""
    model = build_model([ModelInput("hour", 25)], SETTINGS)

    assert model.get_layer("hour_embedding").weights[0].shape == (25, 3)


def test_refuses_to_be_built_without_inputs() -> None:
    """A table without inputs has nothing to learn from."""
    with pytest.raises(ValueError, match="at least one input"):
        build_model([], SETTINGS)
