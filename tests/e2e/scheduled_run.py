"""A run as a scheduler makes it: compiled, node by node, finished; each step a command."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipelines.cli import main
from pipelines.config.layout import OutputLayout
from pipelines.metadata.run_store import StoredArtifact, ended_well, open_run_store
from pipelines.records.description import read_description
from pipelines.records.node_result import NodeResult
from pipelines.records.run_summary import RunSummary
from tests.e2e.conftest import Run


@dataclasses.dataclass(frozen=True)
class ScheduledRun:
    """One run.

    Attributes:
        options: Words that every command but ``node`` is given.
    """

    output: Path
    run_id: str
    options: tuple[str, ...] = ()

    @property
    def layout(self) -> OutputLayout:
        """Where its files are."""
        return OutputLayout(self.output)

    def compile(self, *words: str) -> int:
        """Compile it."""
        return self._command("compile", *words)

    def list_nodes(self) -> list[str]:
        """List its nodes, in an order in which they can run one after another."""
        path = self.layout.run(self.run_id).description_path
        return [node.id for node in read_description(path).nodes]

    def run_node(self, node_id: str) -> tuple[int, NodeResult]:
        """Run a node, and give exit code and result."""
        json_path = self.output / f"{node_id}.json"
        ir_path = self.layout.run(self.run_id).ir_path
        words = ["--ir", str(ir_path), "--node", node_id, "--run-id", self.run_id]
        code = main(["node", *words, "--json", str(json_path)])
        return code, NodeResult.model_validate_json(json_path.read_text(encoding="utf-8"))

    def run_nodes(self, *node_ids: str) -> NodeResult:
        """Run nodes, all by default, up to the first that does not end well; give the last."""
        for node_id in node_ids or self.list_nodes():
            code, result = self.run_node(node_id)
            assert code == result.exit_code
            if code:
                break
        return result

    def finish(self) -> Run:
        """Sum it up."""
        json_path = self.output / "summary.json"
        code = self._command("finish", "--json", str(json_path))
        summary = RunSummary.model_validate_json(json_path.read_text(encoding="utf-8"))
        return Run(code, summary, self.layout)

    def list_attempts(self, node_id: str) -> list[mlmd.Execution]:
        """List a node's executions in this run, in order."""
        with open_run_store(self.layout.metadata_store, "chicago_taxi") as store:
            return store.list_attempts(self.run_id, node_id)

    def list_inputs(self, node_id: str) -> list[StoredArtifact]:
        """List what the node's last execution was given."""
        with open_run_store(self.layout.metadata_store, "chicago_taxi") as store:
            return store.list_inputs(store.list_attempts(self.run_id, node_id)[-1])

    def list_good_outputs(self, node_id: str) -> list[StoredArtifact]:
        """List what the node's executions that ended well put out, in order."""
        with open_run_store(self.layout.metadata_store, "chicago_taxi") as store:
            good = [one for one in store.list_attempts(self.run_id, node_id) if ended_well(one)]
            return [stored for one in good for stored in store.list_outputs(one)]

    def _command(self, name: str, *words: str) -> int:
        known = ["--config", "test", "--output", str(self.output), "--run-id", self.run_id]
        return main([name, *known, *self.options, *words])
