"""What is measured: commands, in the order in which they follow from each other.

A scenario is a chain of stages in one output folder, such as a cold run and its cached rerun. Each
stage is a fresh process. What it measures about itself (steps, rows, metrics) is read afterwards,
from what it left.
"""

from __future__ import annotations

import dataclasses
import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.results import Reading
from components.trainer.history import HISTORY_FILE
from components.trainer.settings import TrainerSettings
from components.trainer.training_plan import plan_training
from pipelines.config.environment_file import load_config
from pipelines.config.layout import OutputLayout

OURS = "ours"
OURS_RERUN = "ours, rerun"
OURS_CACHED = "ours, fully cached"
OURS_CACHED_WARM = "ours, fully cached, warm worker"
SCRIPT = "script"
STOCK = "stock"
STOCK_RERUN = "stock, rerun"
STOCK_CACHED = "stock, fully cached"
STOCK_SAME_EXAMPLES = "stock, as many examples"
STOCK_IN_MEMORY = "stock, in memory"
IMPORT_COMPONENTS = "import: all components"
IMPORT_STOCK = "import: stock"
HELP = "--help"
CONFIG_ERROR = "configuration error"
DAG_PARSE = "DAG parse"
NODE_COLD = "cached node, cold worker"
NODE_WARM = "cached node, warm worker"

STOCK_BATCH_ROWS = 40
"""Rows per gradient step in TFX's own example."""

_NODE = "CsvExampleGen"
_COMPONENTS_IMPORTS = (
    "from components.bulk_imports import pause_garbage_collection\n"
    "with pause_garbage_collection():\n"
    "    import pipelines.workers.worker\n"
)
_STOCK_IMPORTS = "import tfx.v1"


@dataclasses.dataclass(frozen=True)
class Stage:
    """One measured command.

    Attributes:
        subject: Its name in the results.
        prepare: What is done before it, unmeasured.
        read: Reads what it left, given its log.
        exit_codes: Those that count as success.
    """

    subject: str
    command: Sequence[str]
    prepare: Callable[[], object] = lambda: None
    read: Callable[[Path], Reading] = lambda _: Reading()
    exit_codes: frozenset[int] = frozenset({0})


@dataclasses.dataclass(frozen=True)
class Bench:
    """Where the subjects live, and how unmeasured commands are run, in which environment."""

    project: Path
    environment: Mapping[str, str]

    @property
    def python(self) -> Path:
        """The pipeline's and the script's interpreter."""
        return self.project / ".venv/bin/python"

    @property
    def stock_python(self) -> Path:
        """The interpreter of TFX's own pipeline."""
        return self.project / ".venv-stock/bin/python"

    @property
    def airflow_python(self) -> Path:
        """Airflow's interpreter."""
        return self.project / ".venv-airflow/bin/python"

    @property
    def pipelines(self) -> list[str]:
        """The command line ``python -m pipelines``."""
        return [str(self.python), "-m", "pipelines"]

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command unmeasured.

        Raises:
            CalledProcessError: If it fails, unless that is not checked.
        """
        return subprocess.run(
            command,
            cwd=self.project,
            env=dict(self.environment),
            capture_output=True,
            text=True,
            check=check,
        )

    def stop_workers(self) -> None:
        """Stop the warm worker servers that earlier commands left."""
        self.run(*self.pipelines, "workers", "stop")

    def imports_tensorflow(self, *arguments: str) -> bool:
        """Find out whether ``python -m pipelines`` imports TensorFlow, however it ends."""
        command = [str(self.python), "-X", "importtime", "-m", "pipelines", *arguments]
        lines = self.run(*command, check=False).stderr.splitlines()
        return any(line.rpartition("|")[2].strip() == "tensorflow" for line in lines)


@dataclasses.dataclass(frozen=True)
class Task:
    """What a scenario works on.

    Attributes:
        data: Folder of CSV files.
        output: Folder of its own, empty at first.
        rows_seen_by_ours: Training rows that the pipeline sees at this size, each pass counted;
            None where it has not been measured.
    """

    data: Path
    output: Path
    with_reruns: bool = False
    rows_seen_by_ours: int | None = None


def create_ours(bench: Bench, task: Task) -> list[Stage]:
    """Run the pipeline with ``local``: cold, and where asked for again until all is cached.

    The first rerun has a champion to compare with where the first run had none, so it evaluates
    again; from the second on all is cached.
    """
    summary = task.output / "summary.json"
    settings = load_config("local").trainer
    run = [*bench.pipelines, "run", "--config", "local", "--data", str(task.data)]
    command = [*run, "--output", str(task.output), "--json", str(summary)]

    def create_stage(subject: str, prepare: Callable[[], object] = bench.stop_workers) -> Stage:
        def read(_: Path) -> Reading:
            return read_summary(summary, task.output, settings)

        # A refused model is an answer too: only pushing it is left out.
        return Stage(subject, command, prepare, read, frozenset({0, 4}))

    if not task.with_reruns:
        return [create_stage(OURS)]
    cold = [create_stage(subject) for subject in (OURS, OURS_RERUN, OURS_CACHED)]
    return [*cold, create_stage(OURS_CACHED_WARM, lambda: None)]


def read_summary(path: Path, output: Path, settings: TrainerSettings) -> Reading:
    """Read what a run of the pipeline left.

    Args:
        path: Its ``--json`` file.
        settings: Its trainer's, which say how many rows an epoch has.
    """
    summary = json.loads(path.read_text(encoding="utf-8"))
    nodes = {node["id"]: node for node in summary["nodes"]}
    train_rows = nodes["Trainer"]["rows_in"].get("train", 0)
    histories = sorted(output.rglob(HISTORY_FILE), key=lambda each: each.stat().st_mtime)
    # One line per epoch, and a header.
    epochs = len(histories[-1].read_text(encoding="utf-8").splitlines()) - 1 if histories else 0
    return Reading(
        outcome=_describe_outcome(summary["verdict"], summary["nodes"]),
        steps={name: node["seconds"] for name, node in nodes.items() if node["state"] != "skipped"},
        row_counts=nodes["CsvExampleGen"]["rows_out"],
        rows_seen=epochs * plan_training(train_rows, settings).rows_per_epoch if epochs else None,
        metrics={each["name"]: each["value"] for each in summary["metrics"]},
    )


def _describe_outcome(verdict: str, nodes: Sequence[Mapping[str, Any]]) -> str:
    """Describe how a run ended, and how much of it came from the cache, if anything did."""
    cached = sum(node["cached"] for node in nodes)
    return f"{verdict}, {cached} of {len(nodes)} nodes cached" if cached else verdict


def create_script(bench: Bench, task: Task) -> list[Stage]:
    """Run the plain script."""
    program = str(bench.project / "benchmarks/plain_script.py")
    where = ["--data", str(task.data), "--output", str(task.output)]

    def read(_: Path) -> Reading:
        result = json.loads((task.output / "result.json").read_text(encoding="utf-8"))
        return Reading(
            steps=result["steps"],
            row_counts=result["rows"],
            rows_seen=result["rows_seen"],
            metrics={key: value for key, value in result["metrics"].items() if value is not None},
        )

    return [Stage(SCRIPT, [str(bench.python), program, *where], read=read)]


def create_stock(bench: Bench, task: Task) -> list[Stage]:
    """Run TFX's own pipeline as it is, and then train it on as many examples as ours.

    For the latter all up to Trainer comes from its cache: it is there to compare Trainer alone.
    """
    subjects = (STOCK, STOCK_RERUN, STOCK_CACHED) if task.with_reruns else (STOCK,)
    stages = [_create_stock_stage(bench, task, subject) for subject in subjects]
    if task.rows_seen_by_ours is not None:
        rows = task.rows_seen_by_ours
        steps = ("--train-steps", str(-(-rows // STOCK_BATCH_ROWS)))
        stages.append(_create_stock_stage(bench, task, STOCK_SAME_EXAMPLES, steps, rows))
    return stages


def create_stock_in_memory(bench: Bench, task: Task) -> list[Stage]:
    """Run TFX's own pipeline with Beam in its one process."""
    return [_create_stock_stage(bench, task, STOCK_IN_MEMORY, ("--beam-mode", "in_memory"))]


def _create_stock_stage(
    bench: Bench,
    task: Task,
    subject: str,
    more: Sequence[str] = (),
    rows_seen: int = 1000 * STOCK_BATCH_ROWS,
) -> Stage:
    program = [str(bench.stock_python), str(bench.project / "benchmarks/stock_pipeline.py")]
    output = ["--output", str(task.output)]

    def read(_: Path) -> Reading:
        path = task.output / "result.json"
        bench.run(*program, "read", *output, "--json", str(path))
        result: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        verdict = "pushed" if result["blessed"] else "model_refused"
        return Reading(
            outcome=_describe_outcome(verdict, result["nodes"]),
            steps={node["id"]: node["seconds"] for node in result["nodes"]},
            row_counts=result["rows"],
            rows_seen=rows_seen,
            metrics=result["metrics"],
        )

    return Stage(subject, [*program, "run", "--data", str(task.data), *output, *more], read=read)


def create_starts(bench: Bench, task: Task) -> list[Stage]:
    """Start things: imports, commands that need no TensorFlow, a DAG file, one cached node."""

    def create_stage(subject: str, *arguments: str, exit_code: int = 0) -> Stage:
        def read(_: Path) -> Reading:
            return Reading(imports_tensorflow=bench.imports_tensorflow(*arguments))

        command = [*bench.pipelines, *arguments]
        return Stage(subject, command, read=read, exit_codes=frozenset({exit_code}))

    stages = [
        Stage(IMPORT_COMPONENTS, [str(bench.python), "-c", _COMPONENTS_IMPORTS]),
        create_stage(HELP, "--help"),
        create_stage(CONFIG_ERROR, "run", "--set", "no_such_key=1", exit_code=2),
        *_create_node_stages(bench, task),
    ]
    if bench.stock_python.is_file():
        stages.append(Stage(IMPORT_STOCK, [str(bench.stock_python), "-c", _STOCK_IMPORTS]))
    if bench.airflow_python.is_file():
        parse = [str(bench.airflow_python), "-m", "benchmarks.dag_parse"]
        stages.append(Stage(DAG_PARSE, parse, read=_read_parse))
    return stages


def _create_node_stages(bench: Bench, task: Task) -> list[Stage]:
    """Run a node in a new run whose predecessor has left its outputs in the cache."""
    output = ["--output", str(task.output)]
    source = ["--config", "local", "--data", str(task.data), *output]
    layout = OutputLayout(task.output)

    def compile_run(run_id: str) -> None:
        bench.run(*bench.pipelines, "compile", *source, "--run-id", run_id)

    def create_command(run_id: str, worker: str) -> list[str]:
        where = ["--ir", str(layout.run(run_id).ir_path), "--node", _NODE, "--run-id", run_id]
        return [*bench.pipelines, "node", *where, "--worker", worker]

    def prepare_cold() -> None:
        bench.run(*bench.pipelines, "run", *source, "--to", _NODE)
        compile_run("cold")
        bench.stop_workers()

    def prepare_warm() -> None:
        # Compiling leaves a warm worker.
        compile_run("warm")
        compile_run("warm")

    return [
        Stage(NODE_COLD, create_command("cold", "cold"), prepare_cold),
        Stage(NODE_WARM, create_command("warm", "warm"), prepare_warm),
    ]


def _read_parse(log: Path) -> Reading:
    parse = json.loads(log.read_text(encoding="utf-8").splitlines()[-1])
    median = parse["seconds"][len(parse["seconds"]) // 2]
    return Reading(seconds=median, imports_tensorflow=parse["imports_tensorflow"])


SCENARIOS: Mapping[str, Callable[[Bench, Task], list[Stage]]] = {
    "ours": create_ours,
    "script": create_script,
    "stock": create_stock,
    "stock-in-memory": create_stock_in_memory,
    "starts": create_starts,
}
"""By the name that the command line gives them, in the order in which they are run."""
