"""The configuration of the model and its training; plain Python."""

from __future__ import annotations

from typing import Literal

import pydantic

from components.frozen_model import FrozenModel


class TrainerSettings(FrozenModel, strict=True):
    """Settings of the model and of its training.

    Attributes:
        seed: Seed of weights, dropout and shuffling.
        max_epochs: Maximum passes over the training split.
        rows_budget: Rows to train on in all passes together: a large split is passed over less
            often than ``max_epochs``, but at least once.
        epoch_rows: Maximum rows per epoch, after which the model is validated; a pass over fewer is
            one epoch, over more it is several.
        patience_epochs: Epochs without a better validation log loss before training stops; the
            best weights are kept.
        batch_size: Rows per gradient step.
        learning_rate: Learning rate of the first epochs.
        plateau_epochs: Epochs without a better validation log loss before the learning rate falls.
        plateau_factor: Factor by which it falls.
        embedding_width: Dimensions per category, bucket or step.
        hidden_units: Width of each hidden layer.
        hidden_l2: L2 penalty on the hidden layers' weights; ``embedding_l2`` is on embeddings.
        dropout: Share of each hidden layer dropped while training.
        distribution_strategy: ``tf.distribute`` strategy that the model is trained under.
    """

    seed: int = pydantic.Field(default=20130101, ge=0)
    max_epochs: int = pydantic.Field(default=40, ge=1)
    rows_budget: int = pydantic.Field(default=3_000_000, ge=1)
    epoch_rows: int = pydantic.Field(default=250_000, ge=1)
    patience_epochs: int = pydantic.Field(default=6, ge=1)
    batch_size: int = pydantic.Field(default=256, ge=1)
    learning_rate: float = pydantic.Field(default=0.002, gt=0)
    plateau_epochs: int = pydantic.Field(default=2, ge=1)
    plateau_factor: float = pydantic.Field(default=0.4, gt=0, lt=1)
    embedding_width: int = pydantic.Field(default=4, ge=1)
    embedding_l2: float = pydantic.Field(default=1e-3, ge=0)
    hidden_units: tuple[pydantic.PositiveInt, ...] = pydantic.Field(default=(64, 32), strict=False)
    hidden_l2: float = pydantic.Field(default=1e-4, ge=0)
    dropout: float = pydantic.Field(default=0.3, ge=0, lt=1)
    distribution_strategy: Literal["default", "mirrored"] = "default"
