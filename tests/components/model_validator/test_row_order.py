"""Rows in another order and in other files: metrics, intervals and gates stay."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from tfx.types import artifact_utils
from tfx.types.standard_artifacts import Examples, ModelEvaluation

from components.evaluator.eval_config import create_eval_config
from components.evaluator.executor import Executor
from components.evaluator.scored_rows import read_scored_rows
from components.evaluator.settings import EvaluatorSettings
from components.metrics.evaluation import Evaluation, read_evaluation
from components.model_validator.evidence import Evidence
from components.model_validator.gates import ChangeGate, Gate, TrivialGate
from components.model_validator.investigation import measure_changes, measure_trivial_models
from components.model_validator.judgement import judge
from components.model_validator.trivial_models import LabeledFeatures, predict_by_trivial_models
from tests.components.replayed_models import Measured
from tests.tiny_evaluation import MEASURED, SLICED_TABLE, run_executor, write_rows
from tests.tiny_task import Row, create_row

ROWS = [
    *MEASURED,
    *MEASURED[:25],
    *(
        create_row(
            price=float(np.round(price, 3)),
            city=b"Oslo" if index % 3 else b"Rome",
            hour=index % 5,
            tip=9.0 if index % 4 == 0 else 0.0,
        )
        for index, price in enumerate(np.random.default_rng(3).uniform(1, 20, 400))
    ),
]
"""More rows than there are groups, some of them equal."""
MAX_SCORED_ROWS = 440

GATES: list[Gate] = [
    ChangeGate(kind="change", name="auc", metric="auc", max_drop=0.1),
    ChangeGate(
        kind="change",
        name="by_city",
        metric="log_loss",
        max_rise=0.1,
        slice_columns=("city",),
        min_examples=20,
    ),
    TrivialGate(kind="beats_trivial", name="useful"),
]


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What was measured, and what was found out of the rows whose scores were kept."""

    evaluation: Evaluation
    scores: list[tuple[float, float, float]]
    evidence: Evidence


def measure(directory: Path, measured: Measured, files: Sequence[Sequence[Row]]) -> Outcome:
    """Measure both models on rows in files by the Evaluator's Beam pipeline, and what gates ask."""
    examples = Examples()
    examples.uri = str(directory / "examples")
    examples.split_names = artifact_utils.encode_split_names(["test"])
    split = directory / "examples" / "Split-test"
    split.mkdir(parents=True)
    for number, rows in enumerate(files):
        write_rows(split / f"data-{number}.parquet", rows)
    written = run_executor(
        Executor,
        directory,
        examples,
        measured.candidate,
        measured.baseline,
        create_eval_config(SLICED_TABLE, EvaluatorSettings(max_scored_rows=MAX_SCORED_ROWS)),
    )
    return find_out(written, [row for rows in files for row in rows])


def find_out(written: ModelEvaluation, rows: Sequence[Row]) -> Outcome:
    """Gather the evidence of the rows whose scores were kept."""
    evaluation = read_evaluation(Path(written.uri))
    scored = read_scored_rows(Path(written.uri))
    assert scored.champion is not None
    features = {"price": np.array([rows[row]["price"] for row in scored.rows], np.float32) / 20}
    told = LabeledFeatures(scored.labels, features)
    changes, thinned = measure_changes(evaluation, GATES, scored, 0.95, 0.5)
    predictions = predict_by_trivial_models(told, told)
    evidence = Evidence(
        changes=changes,
        thinned_slices=thinned,
        trivial=measure_trivial_models(scored, predictions, 0.95, 0.5),
    )
    scores = zip(scored.labels, scored.candidate, scored.champion, strict=True)
    return Outcome(evaluation, sorted(scores), evidence)


@pytest.fixture(scope="module")
def outcomes(measured: Measured, tmp_path_factory: pytest.TempPathFactory) -> list[Outcome]:
    """The outcomes of the rows in one file, and of the same ones, permuted, in three."""
    shuffled = [ROWS[place] for place in np.random.default_rng(1).permutation(len(ROWS))]
    return [
        measure(tmp_path_factory.mktemp("order"), measured, files)
        for files in ([ROWS], [shuffled[:7], shuffled[7:300], shuffled[300:]])
    ]


def list_numbers(evaluation: Evaluation) -> dict[tuple[str, str, str], float | None]:
    """List every value and end of an interval of both models by slice and metric."""
    models = (evaluation.candidate, evaluation.champion)
    return {
        (f"{model} {part.name}", name, field): getattr(metric, field)
        for model, parts in enumerate(models)
        for part in (parts.slices if parts else ())
        for name, metric in part.metrics.items()
        for field in ("value", "lower", "upper")
    }


def test_metrics_and_intervals_stay(outcomes: list[Outcome]) -> None:
    """All of the Evaluator's numbers agree to 1e-12: sums over rows run in another order."""
    expected, found = (list_numbers(outcome.evaluation) for outcome in outcomes)

    assert found.keys() == expected.keys()
    assert sum(value is not None for (*_, field), value in found.items() if field == "lower") > 100
    for key, value in expected.items():
        near = None if value is None else pytest.approx(value, abs=1e-12, rel=1e-12, nan_ok=True)
        assert found[key] == near, key


def test_the_same_rows_are_kept(outcomes: list[Outcome]) -> None:
    """Of more rows than are kept, some of them equal, the same ones are."""
    expected, found = (outcome.scores for outcome in outcomes)

    assert len(expected) == MAX_SCORED_ROWS < len(ROWS)
    assert found == expected


def test_gates_stay(outcomes: list[Outcome]) -> None:
    """Changes and their intervals are the same bit for bit: groups and sums follow the digests."""
    expected, found = (outcome.evidence for outcome in outcomes)

    assert found.changes == expected.changes
    assert len(expected.changes) == 3
    for ours, theirs in zip(found.trivial, expected.trivial, strict=True):
        # The fit runs over the training rows in their order, and stops when it is near enough.
        assert ours.model_dump() == pytest.approx(theirs.model_dump(), abs=1e-6)
    results = [judge(outcome.evaluation, GATES, outcome.evidence) for outcome in outcomes]
    assert [result.outcome for result in results[0]] == [result.outcome for result in results[1]]
