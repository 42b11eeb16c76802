"""Two runs at once in one output root and one metadata store, PostgreSQL or SQLite."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipelines.cli import main
from pipelines.config.layout import OutputLayout
from pipelines.config.store_address import PostgresqlAddress, parse_store_url
from pipelines.metadata.run_store import ended_well, open_run_store
from pipelines.records.exit_code import ExitCode
from pipelines.records.node_result import NodeState
from pipelines.records.run_summary import RunSummary, Verdict
from tests.postgresql_server import PostgresqlServer

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).parents[2]
PIPELINE = "chicago_taxi"
SPANS = ("2013-01-01", "2013-04-01")
OPTIONS = (
    *("--set", "trainer.max_epochs=2"),
    *("--set", "gates=[{kind: value, name: log_loss_ceiling, metric: log_loss, max: 0.9}]"),
)
_WAIT_SECONDS = 1200


@dataclasses.dataclass(frozen=True)
class Pair:
    """Two runs that went on at the same time.

    Attributes:
        options: Words that name configuration, output root and metadata store.
        summaries: How they ended, by span.
    """

    layout: OutputLayout
    options: tuple[str, ...]
    summaries: dict[str, RunSummary]


@pytest.fixture(
    scope="module",
    params=["postgresql", pytest.param("sqlite", marks=pytest.mark.exhaustive)],
)
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """Two spans, each run by a process of its own."""
    output = tmp_path_factory.mktemp(request.param)
    database: PostgresqlAddress | None = None
    options: tuple[str, ...] = ("--config", "test", "--output", str(output), *OPTIONS)
    if request.param == "postgresql":
        server: PostgresqlServer = request.getfixturevalue("postgresql")
        url = server.create_database("two_runs")
        database = parse_store_url(url)
        options = (*options, "--set", f"metadata_store={url}")
    processes = {span: _start(span, output, options) for span in SPANS}
    for span, process in processes.items():
        said, _ = process.communicate(timeout=_WAIT_SECONDS)
        assert process.returncode == ExitCode.DONE, f"{span}: {said}"
    paths = {span: output / f"{span}.json" for span in SPANS}
    summaries = {
        span: RunSummary.model_validate_json(path.read_text()) for span, path in paths.items()
    }
    return Pair(OutputLayout(output, database), options, summaries)


def _start(span: str, output: Path, options: tuple[str, ...]) -> subprocess.Popen[str]:
    words = ["run", *options, "--span", span, "--json", str(output / f"{span}.json")]
    return subprocess.Popen(
        [sys.executable, "-m", "pipelines", *words],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_both_end_with_a_pushed_model(pair: Pair) -> None:
    """Neither run fails over the other; each has a version of its own, whole."""
    verdicts = {summary.verdict for summary in pair.summaries.values()}
    versions = {summary.pushed_version for summary in pair.summaries.values()}

    assert verdicts == {Verdict.PUSHED}
    assert len(versions) == len(pair.summaries)
    for version in versions:
        assert (pair.layout.serving_root / str(version) / "saved_model.pb").is_file()


def test_every_node_ends_well_once_in_each_run(pair: Pair) -> None:
    """No execution is left open, none has failed, and none is there twice."""
    with open_run_store(pair.layout.metadata_store, PIPELINE) as store:
        for summary in pair.summaries.values():
            assert {node.state for node in summary.nodes} <= {NodeState.DONE, NodeState.CACHED}
            for node in summary.nodes:
                [execution] = store.list_attempts(summary.run_id, node.id)
                assert ended_well(execution)
        states = Counter(one.last_known_state for one in store.store.get_executions())
    assert set(states) <= {mlmd.Execution.COMPLETE, mlmd.Execution.CACHED}


def test_every_output_has_one_live_artifact(pair: Pair) -> None:
    """Each run's node has one artifact an output, whose folder is there and is no other's."""
    with open_run_store(pair.layout.metadata_store, PIPELINE) as store:
        artifacts = store.store.get_artifacts()
        for summary in pair.summaries.values():
            for node in summary.nodes:
                [execution] = store.list_attempts(summary.run_id, node.id)
                outputs = store.list_outputs(execution)
                assert {stored.artifact.state for stored in outputs} <= {mlmd.Artifact.LIVE}
                keys = Counter(stored.key for stored in outputs)
                assert set(keys.values()) <= {1}
                assert all(stored.path.is_dir() for stored in outputs)
    uris = Counter(artifact.uri for artifact in artifacts)
    assert set(uris.values()) == {1}


def test_each_run_reads_its_own_rows(pair: Pair) -> None:
    """What a run measures is its span's, whatever the other did meanwhile."""
    for summary in pair.summaries.values():
        rows = {node.id: node.rows_out for node in summary.nodes}
        assert rows["Evaluator"] == {"overall": rows["CsvExampleGen"]["test"]}
        assert rows["Transform"] == rows["TrainingWindow"]


def test_types_and_contexts_are_there_once(pair: Pair) -> None:
    """Runs that register the same thing at once register one of it."""
    with open_run_store(pair.layout.metadata_store, PIPELINE) as store:
        contexts = Counter((one.type, one.name) for one in store.store.get_contexts())
        types = Counter(one.name for one in store.store.get_execution_types())
        types.update(one.name for one in store.store.get_artifact_types())
        types.update(one.name for one in store.store.get_context_types())

    assert set(contexts.values()) == {1}
    assert set(types.values()) == {1}


@pytest.mark.parametrize(
    "words", [["runs"], ["show"], ["explain"], ["champion", "show"], ["gc", "--keep", "9"]]
)
def test_the_commands_read_the_store(
    pair: Pair, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """What inspects runs does so wherever the metadata is kept."""
    assert main([*words, *pair.options]) == ExitCode.DONE
    assert capsys.readouterr().err == ""
