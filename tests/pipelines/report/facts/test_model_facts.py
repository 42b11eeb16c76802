"""Reading what the Trainer left."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.report.facts.model_facts import read_history

HEADER = "epoch,auc,log_loss,loss,lr,val_auc,val_log_loss,val_loss\n"


def test_the_best_epoch_is_that_of_the_lowest_validation_loss(tmp_path: Path) -> None:
    """Epochs count from 1, and the kept weights are the best epoch's, not the last one's."""
    path = tmp_path / "history.csv"
    path.write_text(
        HEADER
        + "0,0.5,0.6,0.7,0.002,0.8,0.5,0.6\n"
        + "1,0.6,0.5,0.6,0.002,0.9,0.3,0.4\n"
        + "2,0.7,0.4,0.5,0.001,0.9,0.4,0.5\n"
    )

    training = read_history(path)

    assert [epoch.number for epoch in training.epochs] == [1, 2, 3]
    assert training.best_epoch == 2
    assert training.epochs[2].learning_rate == 0.001
    assert training.epochs[1].validation_log_loss == 0.3


def test_a_history_without_epochs_is_refused(tmp_path: Path) -> None:
    """A training that never passed over its rows has no curve."""
    path = tmp_path / "history.csv"
    path.write_text(HEADER)

    with pytest.raises(ValueError, match="got no epoch"):
        read_history(path)
