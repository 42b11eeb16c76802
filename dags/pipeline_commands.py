"""The commands that tasks run, as lists of arguments: no shell ever reads them."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
from collections.abc import Mapping
from pathlib import Path

from dags.airflow_config import AirflowConfig
from dags.run_parameters import RunParameters

# A Python's own settings, and Airflow's: the process that runs a node has another Python, and no
# business with Airflow's database and keys.
_PRIVATE_PREFIXES = ("AIRFLOW", "_AIRFLOW", "PYTHON", "VIRTUAL_ENV")


@dataclasses.dataclass(frozen=True)
class PipelineCommands:
    """Builds the arguments of every command."""

    config: AirflowConfig

    def compile_shape(self) -> list[str]:
        """Compile the pipeline as configured: the description that the DAG is made of."""
        description = self.config.description
        ir_path = description.with_name("pipeline.json")
        files = ("--ir", str(ir_path), "--description", str(description))
        return [*self._begin("compile"), *self._configure(), *files]

    def compile_run(
        self, run_id: str, parameters: RunParameters, span: datetime.date | None, data: Path | None
    ) -> list[str]:
        """Compile one run with its own parameters, in the shape that the DAG was made of."""
        command = [*self._begin("compile"), *self._configure()]
        if parameters.max_epochs is not None:
            command += ["--set", f"trainer.max_epochs={parameters.max_epochs}"]
        if parameters.learning_rate is not None:
            # Without an exponent, which YAML would read as text.
            rate = format(decimal.Decimal(repr(parameters.learning_rate)), "f")
            command += ["--set", f"trainer.learning_rate={rate}"]
        if data is not None:
            command += ["--data", str(data)]
        if span is not None:
            command += ["--span", span.isoformat()]
        if parameters.refresh:
            command.append("--refresh")
        return [*command, "--run-id", run_id, "--like", str(self.config.description)]

    def run_node(self, ir_path: Path, node_id: str, run_id: str, json_path: Path) -> list[str]:
        """Run one node of a compiled run; it writes how it ended to ``json_path``."""
        return [
            *self._begin("node"),
            *("--ir", str(ir_path), "--node", node_id, "--run-id", run_id),
            *("--json", str(json_path), "--worker", self.config.worker),
        ]

    def finish_run(self, run_id: str, json_path: Path) -> list[str]:
        """Summarize a run and write its report."""
        return [
            *self._begin("finish"),
            *self._configure(),
            *("--run-id", run_id, "--json", str(json_path)),
        ]

    def replay_champion(self, version: int | None, json_path: Path) -> list[str]:
        """Load a pushed model, or the newest, in a fresh process and check what it serves."""
        command = [*self._begin("champion"), "replay", *self._configure()]
        if version is not None:
            command += ["--version", str(version)]
        return [*command, "--json", str(json_path)]

    def _begin(self, name: str) -> list[str]:
        return [str(self.config.python), "-m", "pipelines", name]

    def _configure(self) -> list[str]:
        sets = [word for override in self.config.overrides for word in ("--set", override)]
        return ["--config", self.config.environment, *sets]


def choose_environment(inherited: Mapping[str, str]) -> dict[str, str]:
    """Choose a command's variables: those inherited, but none of Airflow's and Python's own."""
    kept = {
        name: value for name, value in inherited.items() if not name.startswith(_PRIVATE_PREFIXES)
    }
    # Output comes line by line, as it is printed.
    return {**kept, "PYTHONUNBUFFERED": "1"}
