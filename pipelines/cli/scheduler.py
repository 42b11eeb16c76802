"""Commands that a scheduler calls: compile a run, run a node of it, finish it."""

from __future__ import annotations

import concurrent.futures
import contextlib
import logging
import os
import signal
import sys
import types
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import click

from pipelines.cli.options import json_option, with_config
from pipelines.cli.screen import Screen, print_to_stderr
from pipelines.compiler.compiled_file import read_compiled_file
from pipelines.config.layout import OutputLayout
from pipelines.config.pipeline_config import PipelineConfig
from pipelines.launcher.node_request import NodeRequest
from pipelines.records.description import PipelineDescription, read_description
from pipelines.records.errors import ConfigError, UsageError
from pipelines.records.exit_code import ExitCode
from pipelines.records.node_result import NodeResult
from pipelines.runner.input_data import prepare_input
from pipelines.workers.client import WorkerClient, open_private_server, stop_servers
from pipelines.workers.pool import WorkerPool
from pipelines.workers.protocol import CompileRequest

_POLL_SECONDS = 0.1
_run_id_option = click.option("--run-id", required=True, metavar="ID", help="Id of the run.")
_existing_file = click.Path(path_type=Path, exists=True, dir_okay=False)
_new_file = click.Path(path_type=Path)


@click.command("compile")
@with_config("data", "span", "refresh")
@click.option("--ir", "ir_path", type=_new_file, help="File for the IR.")
@click.option(
    "--description",
    "description_path",
    type=_new_file,
    help="File for nodes, edges, parameters and content hash.",
)
@click.option(
    "--run-id", metavar="ID", help="Compile for this run, into its folder, and check its input."
)
@click.option(
    "--like",
    "like_path",
    type=_existing_file,
    help="Description whose nodes and edges the run must have.",
)
def compile_command(
    config: PipelineConfig,
    ir_path: Path | None,
    description_path: Path | None,
    run_id: str | None,
    like_path: Path | None,
) -> int:
    """Compile the pipeline to IR JSON and a small description, or into a run's folder."""
    if run_id is not None and ir_path is None and description_path is None:
        run = config.layout.run(run_id)
        prepare_input(config)
        # Here: a compilation without a run needs no metadata store.
        from pipelines.runs.champion import recover_champion

        lines, _ = recover_champion(config.layout, config.name)
        print_to_stderr(lines)
        WorkerPool().compile(CompileRequest(config=config, run_id=run_id))
        description = read_description(run.description_path)
        ir_path = run.ir_path
    elif run_id is None and ir_path is not None and description_path is not None:
        description = _compile_here(config, ir_path, description_path)
    else:
        raise click.UsageError("expected either --run-id, or both --ir and --description")
    if like_path is not None and description.shape != read_description(like_path).shape:
        raise ConfigError(
            f"--like: {like_path} has other nodes or edges than the pipeline has now; compile it "
            "again"
        )
    click.echo(
        f"{ir_path}: {len(description.nodes)} nodes, content {description.content_hash[:12]}"
    )
    return ExitCode.DONE


@click.command("node")
@click.option("--ir", "ir_path", type=_existing_file, required=True, help="Compiled pipeline.")
@click.option("--node", "node_id", required=True, metavar="ID", help="Node to run.")
@_run_id_option
@click.option(
    "--worker",
    type=click.Choice(["warm", "cold"]),
    default="warm",
    show_default=True,
    help="warm forks a process that has imported TFX, cold starts one that imports it first.",
)
@json_option
def node_command(ir_path: Path, node_id: str, run_id: str, worker: str, screen: Screen) -> int:
    """Run one node in its own process; its log goes to the screen and to the run's folder."""
    try:
        compiled = read_compiled_file(ir_path)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if node_id not in compiled.node_ids:
        known = ", ".join(compiled.node_ids)
        raise click.UsageError(f"--node: got {node_id!r}, expected one of {known}")
    request = NodeRequest(
        ir_path=ir_path.absolute(),
        node_id=node_id,
        run_id=run_id,
        log_path=OutputLayout(compiled.output_root).run(run_id).log_path(node_id),
    )
    server = (
        contextlib.nullcontext(WorkerClient.shared()) if worker == "warm" else open_private_server()
    )
    with server as client:
        result = _run_and_follow(WorkerPool(client), request)
    state = result.state.value
    print_to_stderr(f"{node_id}: {state}: {problem.message}" for problem in result.problems)
    screen.write_json(result)
    return result.exit_code


@click.command("finish")
@with_config()
@_run_id_option
@json_option
def finish_command(config: PipelineConfig, run_id: str, screen: Screen) -> int:
    """Summarize a run after its last node, however it ended; the exit code is the verdict's."""
    # Here: they read artifacts and the metadata store, which a node's own command need not load.
    from pipelines.cli.ending_screen import print_summary
    from pipelines.report.publication import conclude
    from pipelines.runner.local_runner import close_stale_nodes
    from pipelines.runs.recorded_run import load_run
    from pipelines.runs.summaries import summarize_run

    layout = config.layout
    run = layout.run(run_id)
    if not run.description_path.is_file():
        raise UsageError(f"--run-id: got {run_id!r}, which was never compiled")
    description = read_description(run.description_path)
    close_stale_nodes(layout, description, run_id)
    summary, problem = conclude(layout, summarize_run(load_run(layout, run_id)))
    print_summary(screen.console, summary, problem)
    screen.write_json(summary)
    return summary.verdict.exit_code


@click.group()
def workers() -> None:
    """Manage the processes that keep TFX imported between nodes and runs."""


@workers.command("stop")
def stop_workers() -> int:
    """Stop them, and whatever runs in them; idle ones end by themselves."""
    ended = stop_servers()
    click.echo(f"{ended} worker server{'' if ended == 1 else 's'} ended")
    return ExitCode.DONE


def _compile_here(
    config: PipelineConfig, ir_path: Path, description_path: Path
) -> PipelineDescription:
    # Before TensorFlow is imported: it would announce missing GPUs and deprecations.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    from pipelines.compiler.compilation import compile_pipeline
    from pipelines.compiler.ir_file import write_compiled

    ir, description = compile_pipeline(config)
    write_compiled(ir, description, ir_path, description_path)
    return description


def _run_and_follow(pool: WorkerPool, request: NodeRequest) -> NodeResult:
    """Run a node, print its log as it grows, and stop it when this process is asked to stop."""
    request.log_path.parent.mkdir(parents=True, exist_ok=True)
    with (
        _stop_when_asked(pool),
        request.log_path.open("ab+") as log,
        concurrent.futures.ThreadPoolExecutor(1) as threads,
    ):
        log.seek(0, os.SEEK_END)
        running = threads.submit(pool.run_node, request)
        while not running.done():
            concurrent.futures.wait([running], timeout=_POLL_SECONDS)
            _print_new(log)
        _print_new(log)
        return running.result()


@contextlib.contextmanager
def _stop_when_asked(pool: WorkerPool) -> Iterator[None]:
    def stop(_signal_number: int, _frame: types.FrameType | None) -> None:
        pool.stop()

    kept = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


def _print_new(log: BinaryIO) -> None:
    if new := log.read():
        sys.stdout.write(new.decode(errors="replace"))
        sys.stdout.flush()
