"""The compiled pipeline: its nodes, edges, parameters and content hash."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.cli import main
from pipelines.compiler.cache_key import hash_imported_code
from pipelines.compiler.compilation import compile_pipeline
from pipelines.compiler.ir_file import read_ir
from pipelines.config.environment_file import load_config
from pipelines.records.description import PipelineDescription
from pipelines.records.exit_code import ExitCode
from pipelines.records.nodes import NodeId


@pytest.fixture(scope="module")
def description() -> PipelineDescription:
    """The local environment, compiled."""
    return compile_pipeline(load_config("local"))[1]


def test_has_every_node_once(description: PipelineDescription) -> None:
    """The nodes are those that the stages are named for."""
    assert sorted(node.id for node in description.nodes) == sorted(NodeId)


def test_lists_nodes_in_an_order_that_can_run(description: PipelineDescription) -> None:
    """What a node waits for stands before it."""
    seen: set[str] = set()
    for node in description.nodes:
        assert set(node.upstream) <= seen
        seen.add(node.id)


@pytest.mark.parametrize(
    ("node", "upstream"),
    [
        ("ExampleValidator", {"StatisticsGen", "CuratedSchema"}),
        ("Evaluator", {"CsvExampleGen", "Trainer", "LatestBlessedModel"}),
        ("TrainingWindow", {"CsvExampleGen", "EarlierSpans", "DataGate"}),
        ("Transform", {"TrainingWindow", "CuratedSchema"}),
        ("Pusher", {"Trainer", "ModelValidator", "SchemaGen"}),
    ],
)
def test_has_the_edges_of_the_picture(
    description: PipelineDescription, node: str, upstream: set[str]
) -> None:
    """A node waits for those that the picture draws before it."""
    assert upstream <= set(description.node(node).upstream)


def test_passes_user_code_by_import_path(description: PipelineDescription) -> None:
    """Neither Transform nor Trainer gets a module file."""
    assert description.node("Transform").parameters["preprocessing_fn"].startswith("components.")
    assert description.node("Trainer").parameters["run_fn"].startswith("components.")
    for node in description.nodes:
        assert not node.parameters.get("module_file")


def test_same_pipeline_has_the_same_hash(description: PipelineDescription) -> None:
    """The content hash is the content's: the same again, another for another setting."""
    again = compile_pipeline(load_config("local"))[1]
    other = compile_pipeline(load_config("local", ["trainer.seed=1"]))[1]

    assert again.content_hash == description.content_hash != other.content_hash


def test_every_node_that_executes_tells_its_code(description: PipelineDescription) -> None:
    """TFX's cache goes by parameters: code and packages of a node are one of them."""
    parameters = {node.id: node.parameters for node in description.nodes}
    resolvers = {"LatestAcceptedData", "EarlierSpans", "LatestBlessedModel"}

    assert {name for name in parameters if "code_version" not in parameters[name]} == resolvers
    assert parameters["Trainer"]["code_version"] == hash_imported_code(
        ["components.trainer.run_fn", "tfx.components.trainer.executor"], "chicago_taxi"
    )
    assert parameters["CsvExampleGen"]["code_version"] == hash_imported_code(
        ["components.csv_example_gen.executor", "components.csv_example_gen.driver"],
        "chicago_taxi",
    )
    assert parameters["Transform"]["code_version"] == hash_imported_code(
        ["components.transform.executor", "components.transform.preprocessing"], "chicago_taxi"
    )


def test_keeps_what_no_artifact_can_tell(description: PipelineDescription) -> None:
    """Words on the model and hashes of code and configuration; words alone change no node."""
    said = compile_pipeline(load_config("local", ["about.owners=[the team]"]))[1]

    assert said.about is not None
    assert said.about.owners == ("the team",)
    assert said.content_hash == description.content_hash
    assert said.code_hash == description.code_hash != ""
    assert said.config_hash != description.config_hash


def test_reads_one_span_by_its_date() -> None:
    """A span in the configuration becomes the range of dates that CsvExampleGen reads."""
    spanned = compile_pipeline(load_config("local", ["span=2015-04-01"]))[1]
    parameters = spanned.node("CsvExampleGen").parameters

    assert "16526" in parameters["range_config"]  # days since 1970-01-01
    assert parameters["input_base"].endswith("spans")


def test_compile_writes_what_node_reads(tmp_path: Path) -> None:
    """``compile`` writes an IR and a description of the same nodes."""
    ir_path, text_path = tmp_path / "ir" / "pipeline.json", tmp_path / "description.json"

    words = ["compile", "--config", "test", "--ir", str(ir_path), "--description", str(text_path)]
    assert main(words) == ExitCode.DONE

    described = PipelineDescription.model_validate_json(text_path.read_text())
    ids = [node.pipeline_node.node_info.id for node in read_ir(ir_path).nodes]
    assert ids == [node.id for node in described.nodes]
