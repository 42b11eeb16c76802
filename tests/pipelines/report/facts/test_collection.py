"""What is told of a run whose artifacts another version wrote."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from components.data_gate.findings import FILE_NAME, DataReference, DataVerdict, read_verdict
from components.model_validator.settings import RowSource
from components.model_validator.validation import ModelReference, Validation
from components.record_file import read_record, write_record
from pipelines.config.layout import OutputLayout
from pipelines.report.facts.collection import collect_report
from tests.tiny_store import PIPELINE, TinyStore, compile_run

VERDICT = DataVerdict(
    accepted=True,
    summary="accepted",
    data=DataReference(statistics_id=1, statistics_uri="/gone", span=None),
    previous=None,
    files=(),
    row_counts={},
    labels=(),
    findings=(),
    scores=(),
)
VALIDATION = Validation(
    blessed=True,
    summary="blessed",
    candidate=ModelReference(id=1, uri="/gone"),
    baseline=None,
    examples=10,
    metrics=(),
    gates=(),
)
ROWS = RowSource(
    split="test", train_split="train", label="tip", threshold=0.5, columns={}, attributes=()
)


def test_what_a_later_version_adds_is_passed_over(tmp_path: Path) -> None:
    """A verdict and a validation with fields that are not known here are read."""
    write_record(VERDICT, tmp_path / FILE_NAME)
    write_record(VALIDATION, tmp_path / "validation.json")
    for name, part in (("verdict.json", "data"), ("validation.json", "candidate")):
        content = json.loads((tmp_path / name).read_text())
        content[part]["mood"] = "good"
        (tmp_path / name).write_text(json.dumps({**content, "weather": "fair"}))

    assert read_verdict(tmp_path) == VERDICT
    assert read_record(Validation, tmp_path / "validation.json") == VALIDATION


@pytest.mark.parametrize("missing", ["summary", "everything"])
def test_what_cannot_be_read_is_noted(missing: str, tmp_path: Path) -> None:
    """A page says of each part which is of another version, and shows the others."""
    layout = OutputLayout(tmp_path)
    nodes = ("StatisticsGen", "DataGate", "Trainer", "Evaluator", "ModelValidator")
    description = compile_run(layout, "run", node_ids=nodes)
    rows = {"ModelValidator": {"rows": ROWS.model_dump_json()}}
    write_record(
        description.model_copy(
            update={
                "nodes": tuple(
                    node.model_copy(update={"parameters": rows.get(node.id, {})})
                    for node in description.nodes
                )
            }
        ),
        layout.run("run").description_path,
    )
    write_record(VERDICT, tmp_path / FILE_NAME)
    write_record(VALIDATION, tmp_path / "validation.json")
    (tmp_path / "digest.json").write_text("{}")
    for name in ("verdict.json", "validation.json"):
        content = json.loads((tmp_path / name).read_text())
        del content["summary"]
        (tmp_path / name).write_text(json.dumps({} if missing == "everything" else content))
    store = TinyStore.open(layout.metadata_store, PIPELINE)
    for node, key, kind in (
        ("StatisticsGen", "statistics", "ExampleStatistics"),
        ("DataGate", "verdict", "DataVerdict"),
        ("Trainer", "model", "Model"),
        ("Evaluator", "evaluation", "ModelEvaluation"),
        ("ModelValidator", "blessing", "ModelBlessing"),
    ):
        store.record("run", node, outputs={key: store.create_artifact(kind, tmp_path)})

    report = collect_report(layout, "run")

    notes = "\n".join(report.notes)
    assert "DataGate's verdict is gone, or of another version" in notes
    assert "DataGate's settings are of another version" in notes
    assert "the evaluation's digest is of another version" in notes
    assert "the validation is of another version" in notes
    assert report.model is not None
    assert report.model.validation is None
    assert len(report.nodes) == len(nodes)


def test_settings_of_another_version_are_noted(tmp_path: Path) -> None:
    """Where it is not known what was measured, the model is left out, and a sentence says so."""
    layout = OutputLayout(tmp_path)
    compile_run(layout, "run", node_ids=("DataGate", "Trainer", "ModelValidator"))
    store = TinyStore.open(layout.metadata_store, PIPELINE)
    store.record("run", "Trainer", outputs={"model": store.create_artifact("Model", tmp_path)})

    report = collect_report(layout, "run")

    assert report.model is None
    assert "ModelValidator's settings are of another version: the model can't be shown" in (
        report.notes
    )
