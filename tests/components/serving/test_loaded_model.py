"""Asking a model about many rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from components.serving.loaded_model import LoadedModel
from components.serving.model_error import SignatureError


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    """A model that tells how long an example is, and all of a batch's lengths in a row."""
    directory = str(tmp_path_factory.mktemp("model"))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def measure(examples: tf.Tensor) -> dict[str, tf.Tensor]:
        lengths = tf.strings.length(examples)
        return {"length": lengths[:, tf.newaxis], "twice": tf.stack([lengths, lengths], axis=1)}

    tf.saved_model.save(tf.Module(), directory, signatures={"measure": measure})
    return LoadedModel(directory)


def test_answers_are_in_the_order_of_the_rows(
    model: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many chunks the rows are asked in, each has its answer, one value per row."""
    monkeypatch.setattr("components.serving.loaded_model.BATCH_ROWS", 3)
    examples = np.array([b"x" * length for length in (4, 1, 0, 7, 2, 5, 3)], np.object_)

    assert model.ask("measure", ["length"], examples)["length"].tolist() == [4, 1, 0, 7, 2, 5, 3]


def test_an_answer_has_one_value_a_row(model: LoadedModel) -> None:
    """Another shape is an error that names model, signature, output and shape."""
    with pytest.raises(ValueError, match=r"measure gives 'twice' of shape \(2, 2\) for 2 rows"):
        model.ask("measure", ["twice"], np.array([b"a", b"b"], np.object_))


def test_signatures_and_outputs_are_listed(model: LoadedModel) -> None:
    """What a model has can be asked before it is used."""
    with pytest.raises(SignatureError, match=r"no signature 'other', only \['measure'\]"):
        model.list_outputs("other")
    assert model.list_outputs("measure") == ("length", "twice")


def test_a_model_that_is_gone_is_an_error(tmp_path: Path) -> None:
    """A folder without a SavedModel is named."""
    with pytest.raises(OSError, match=str(tmp_path)):
        LoadedModel(str(tmp_path))
