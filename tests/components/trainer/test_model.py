"""The network: its inputs, its output, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from components.trainer.model import Embeddings, ModelInput, build_model
from components.trainer.settings import TrainerSettings

SETTINGS = TrainerSettings(hidden_units=(4,), embedding_width=3)


def test_gives_one_probability_per_row() -> None:
    """Floats and indices of shape [batch] become probabilities of shape [batch, 1]."""
    model = build_model([ModelInput("fare", None), ModelInput("hour", 25)], SETTINGS)

    answer = model({"fare": tf.constant([0.5, -1.0]), "hour": tf.constant([0, 24], tf.int64)})

    assert answer.shape == (2, 1)
    assert bool(tf.reduce_all((answer > 0) & (answer < 1)))


def test_embeds_each_index_in_the_configured_width() -> None:
    """Inputs with 25 and 7 indices have 32 embeddings as wide as the settings say."""
    model = build_model([ModelInput("hour", 25), ModelInput("day", 7)], SETTINGS)

    assert model.get_layer("embeddings").weights[0].shape == (32, 3)


def test_gives_each_index_an_embedding_of_its_own() -> None:
    """The inputs share the table, but no row of it."""
    layer = Embeddings([2, 3], SETTINGS, "embeddings")
    first, second = tf.constant([0, 1], tf.int64), tf.constant([2, 0], tf.int64)
    layer([first, second])
    layer.set_weights([np.arange(15, dtype=np.float32).reshape(5, 3)])

    embedded = layer([first, second]).numpy().tolist()

    assert embedded == [[0, 1, 2, 12, 13, 14], [3, 4, 5, 6, 7, 8]]


def test_penalizes_the_table_as_its_parts() -> None:
    """The penalty is the sum of the squares, whatever input they belong to."""
    settings = SETTINGS.model_copy(update={"embedding_l2": 0.5})
    layer = Embeddings([1, 1], settings, "embeddings")
    layer([tf.constant([0], tf.int64)] * 2)
    layer.set_weights([np.full((2, 3), 2.0, np.float32)])

    assert float(layer.losses[0]) == pytest.approx(0.5 * 6 * 4)


def test_refuses_to_be_built_without_inputs() -> None:
    """A table without inputs has nothing to learn from."""
    with pytest.raises(ValueError, match="at least one input"):
        build_model([], SETTINGS)
