"""A champion that no longer fits is left out, with the reason."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from components.evaluator.champion_check import find_incompatibility, read_incompatibility
from components.evaluator.settings import EvaluatorSettings
from components.examples.parquet_examples import list_files
from components.metrics.evaluation import read_evaluation
from tests.tiny_evaluation import (
    MEASURED,
    evaluate,
    export_model,
    export_plain_model,
    write_examples,
)


@dataclasses.dataclass(frozen=True)
class Rows:
    """Examples, and the files of their evaluated split."""

    files: list[str]


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    """The measured rows."""
    directory = tmp_path_factory.mktemp("rows")
    write_examples(directory)
    return Rows(list_files(directory / "Split-test"))


def test_a_compatible_champion_is_found_so(rows: Rows, tmp_path: Path) -> None:
    """A model that gives probabilities and labels can be measured."""
    model = export_plain_model(tmp_path)

    assert find_incompatibility(f"{model.uri}/Format-Serving", rows.files, "generous") is None


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"price_type": tf.int64}, "price"),
        ({"probability": "score"}, r"serving_default gives \['score'\], and no 'probability'"),
        ({"generous": "tipped"}, r"transform_features gives \['tipped'\], and no 'generous'"),
        ({"transform_features": "features"}, "no signature 'transform_features'"),
    ],
)
def test_what_does_not_fit_is_named(
    rows: Rows, tmp_path: Path, changed: dict[str, Any], expected: str
) -> None:
    """Another column type, signature or output is told in one line."""
    model = export_plain_model(tmp_path, **changed)

    reason = find_incompatibility(f"{model.uri}/Format-Serving", rows.files, "generous")

    assert reason is not None
    assert "\n" not in reason
    assert re.search(expected, reason)


def test_a_champion_that_is_gone_is_incompatible(rows: Rows, tmp_path: Path) -> None:
    """A folder without a SavedModel is named."""
    reason = find_incompatibility(str(tmp_path / "gone"), rows.files, "generous")

    assert reason is not None
    assert str(tmp_path / "gone") in reason


def test_evaluator_measures_the_candidate_alone_then(tmp_path: Path) -> None:
    """The evaluation has the candidate's metrics, no champion's, and says why."""
    candidate = export_model(tmp_path / "candidate", 0.1)
    champion = export_plain_model(tmp_path / "champion", price_type=tf.int64)

    written = evaluate(
        tmp_path, candidate, champion, EvaluatorSettings(confidence_intervals="none")
    )

    evaluation = read_evaluation(Path(written.uri))
    assert evaluation.champion is None
    assert evaluation.overall.examples == len(MEASURED)
    assert "price" in (read_incompatibility(Path(written.uri)) or "")


def test_the_reason_is_read_under_its_earlier_name(tmp_path: Path) -> None:
    """What an earlier release left beside its evaluation still tells why."""
    (tmp_path / "champion_misfit.txt").write_text("no such column\n")

    assert read_incompatibility(tmp_path) == "no such column"
    assert read_incompatibility(tmp_path / "elsewhere") is None
