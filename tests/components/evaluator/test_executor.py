"""What the Evaluator leaves beside TFMA's files, and how rows of several files count."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tfx.types import artifact_utils
from tfx.types.standard_artifacts import Examples

from components.evaluator.eval_config import create_eval_config
from components.evaluator.executor import Executor
from components.evaluator.scored_rows import read_scored_rows
from components.evaluator.settings import EvaluatorSettings
from components.metrics.evaluation import read_evaluation
from tests.components.replayed_models import BASELINE_WEIGHT, CANDIDATE_WEIGHT, Measured
from tests.tiny_evaluation import (
    MEASURED,
    SLICED_TABLE,
    get_label,
    get_probability,
    run_executor,
    write_rows,
)


def test_every_row_has_its_scores(measured: Measured) -> None:
    """Label, both models' probabilities and slices stand beside each row's number."""
    scored = read_scored_rows(Path(measured.compared.uri))

    rows = range(len(MEASURED))
    assert scored.rows.tolist() == list(rows)
    assert scored.labels.tolist() == [get_label(row) for row in rows]
    assert scored.candidate == pytest.approx([get_probability(r, CANDIDATE_WEIGHT) for r in rows])
    assert scored.champion == pytest.approx([get_probability(r, BASELINE_WEIGHT) for r in rows])
    assert set(scored.slices) == {"city", "hour", "coast"}
    in_oslo = [row for row in rows if MEASURED[row]["city"] == b"Oslo"]
    assert scored.slices["city"].find_rows("Oslo").tolist() == in_oslo
    assert scored.slices["coast"].find_rows("north").tolist() == in_oslo
    hours = [str(row["hour"]) for row in MEASURED]
    assert scored.slices["hour"].list_texts().to_pylist() == hours


def test_files_are_one_split_and_long_ones_are_thinned(measured: Measured, tmp_path: Path) -> None:
    """Rows are numbered through all files, metrics are of all, a sample by digest is kept."""
    examples = Examples()
    examples.uri = str(tmp_path / "examples")
    examples.split_names = artifact_utils.encode_split_names(["test"])
    split = tmp_path / "examples" / "Split-test"
    split.mkdir(parents=True)
    for number, part in enumerate((MEASURED[:7], MEASURED[7:8], MEASURED[8:])):
        write_rows(split / f"data-{number}.parquet", part)
    settings = EvaluatorSettings(confidence_intervals="none", max_scored_rows=25)

    written = run_executor(
        Executor,
        tmp_path,
        examples,
        measured.candidate,
        None,
        create_eval_config(SLICED_TABLE, settings),
    )

    scored = read_scored_rows(Path(written.uri))
    whole = read_scored_rows(Path(measured.alone.uri))
    kept = np.sort(np.argsort(whole.digests)[:25])
    assert scored.rows.tolist() == kept.tolist()
    np.testing.assert_array_equal(scored.digests, whole.digests[kept])
    np.testing.assert_array_equal(scored.labels, whole.labels[kept])
    np.testing.assert_allclose(scored.candidate, whole.candidate[kept], rtol=1e-6)
    assert scored.champion is None
    found, expected = (read_evaluation(Path(each.uri)) for each in (written, measured.alone))
    for ours, theirs in zip(found.candidate.slices, expected.candidate.slices, strict=True):
        assert (ours.name, ours.examples) == (theirs.name, theirs.examples)
        for name, metric in ours.metrics.items():
            assert metric.value == pytest.approx(theirs.metrics[name].value)
