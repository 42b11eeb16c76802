"""TFX's own taxi pipeline, from the installed wheel, for ``.venv-stock/bin/python``.

``benchmarks/stock_pipeline.py run`` runs it under TFX's LocalDagRunner; ``read`` then reports, from
what the run left, how long each node took, how many rows it counted and how good the model is.
Reading is a command of its own so that it adds nothing to the run's measured time.

Pipeline and model are the wheel's (TFX 1.16), unchanged:
``taxi_pipeline_native_keras._create_pipeline`` with ``taxi_utils_native_keras.py`` as its module
file. The environment is that of ``requirements/stock.txt``; nothing of the project is imported.

TFX is imported where it is used: Beam's worker processes import this module again.
"""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Mapping
from operator import attrgetter
from pathlib import Path
from typing import Any

import click

PIPELINE_NAME = "chicago_taxi_native_keras"
_EXAMPLE = "tfx.examples.chicago_taxi_pipeline"
_PIPELINE_ROOT = "pipeline_root"
_METADATA = "metadata.sqlite"
_FOLDER = click.Path(path_type=Path, file_okay=False, resolve_path=True)
_EXISTING_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False, resolve_path=True)


def run_pipeline(data: Path, output: Path, train_steps: int, beam_mode: str | None) -> None:
    """Run the pipeline, or as much of it as an earlier run has not left in the cache.

    Args:
        train_steps: Gradient steps of 40 rows; 0 for the pipeline's own number.
        beam_mode: Beam's ``direct_running_mode``; None for the pipeline's own arguments.
    """
    # The pipeline's file reads it while it is imported, and uses it for defaults alone.
    os.environ.setdefault("HOME", str(output))
    from tfx.examples.chicago_taxi_pipeline import taxi_pipeline_native_keras as taxi
    from tfx.orchestration.local.local_dag_runner import LocalDagRunner
    from tfx.proto import trainer_pb2
    from tfx.utils import proto_utils

    pipeline = taxi._create_pipeline(
        pipeline_name=PIPELINE_NAME,
        pipeline_root=str(output / _PIPELINE_ROOT),
        data_root=str(data),
        module_file=_find_module_file(),
        serving_model_dir=str(output / "serving"),
        metadata_path=str(output / _METADATA),
        beam_pipeline_args=(
            [f"--direct_running_mode={beam_mode}"] if beam_mode else taxi._beam_pipeline_args
        ),
    )
    if train_steps:
        trainer = next(node for node in pipeline.components if node.id == "Trainer")
        steps = trainer_pb2.TrainArgs(num_steps=train_steps)
        trainer.spec.exec_properties["train_args"] = proto_utils.proto_to_json(steps)
    LocalDagRunner().run(pipeline)


def _find_module_file() -> str:
    spec = importlib.util.find_spec(f"{_EXAMPLE}.taxi_utils_native_keras")
    if spec is None or spec.origin is None:
        raise click.ClickException(f"the TFX that is installed here has no {_EXAMPLE}")
    return spec.origin


def read_results(output: Path) -> dict[str, object]:
    """Read what the newest run left.

    Returns:
        ``nodes``, each with ``id``, ``seconds`` (from its execution's start to its end, as in the
        metadata store) and ``cached``, in order; ``rows`` that StatisticsGen counted, by split and
        in all; ``transformed_rows`` that Transform counted in the training split; ``metrics`` of
        the Evaluator by name; ``blessed``.
    """
    from tfx.orchestration import metadata

    connection = metadata.sqlite_metadata_connection_config(str(output / _METADATA))
    with metadata.Metadata(connection) as handle:
        store = handle.store
        created = attrgetter("create_time_since_epoch")
        run = max(store.get_contexts_by_type("pipeline_run"), key=created)
        executions = sorted(store.get_executions_by_context(run.id), key=created)
        types = {each.id: each.name for each in store.get_execution_types()}
        artifacts = store.get_artifacts_by_context(run.id)
    root = output / _PIPELINE_ROOT
    # TFX's layout: node, name of the output, execution.
    uris = {Path(each.uri).relative_to(root).parts[:2]: Path(each.uri) for each in artifacts}
    nodes = [_describe_execution(each, types[each.type_id]) for each in executions]
    return {"nodes": nodes, **_read_outputs(uris)}


def _describe_execution(execution: Any, type_name: str) -> dict[str, object]:
    from ml_metadata.proto import metadata_store_pb2

    milliseconds = execution.last_update_time_since_epoch - execution.create_time_since_epoch
    return {
        "id": type_name.rpartition(".")[2],
        "seconds": milliseconds / 1000,
        "cached": execution.last_known_state == metadata_store_pb2.Execution.CACHED,
    }


def _read_outputs(uris: Mapping[tuple[str, ...], Path]) -> dict[str, object]:
    import tensorflow_data_validation as tfdv
    import tensorflow_model_analysis as tfma

    def count_rows(path: Path) -> int:
        return int(tfdv.load_stats_binary(str(path)).datasets[0].num_examples)

    splits = uris["StatisticsGen", "statistics"].glob("Split-*/FeatureStats.pb")
    rows = {path.parent.name.removeprefix("Split-"): count_rows(path) for path in sorted(splits)}
    transformed = uris["Transform", "post_transform_stats"] / "FeatureStats.pb"
    evaluation = tfma.load_eval_result(str(uris["Evaluator", "evaluation"]))
    return {
        "rows": {"csv": sum(rows.values()), **rows},
        "transformed_rows": count_rows(transformed),
        "metrics": {
            name: float(value["doubleValue"])
            for name, value in evaluation.get_metrics_for_slice().items()
            if "doubleValue" in value
        },
        "blessed": (uris["Evaluator", "blessing"] / "BLESSED").exists(),
    }


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Run TFX's own taxi pipeline, or report on a run."""


@main.command()
@click.option("--data", type=_EXISTING_FOLDER, required=True, help="Folder of CSV files.")
@click.option("--output", type=_FOLDER, required=True, help="Folder for all that the run writes.")
@click.option(
    "--train-steps",
    type=click.IntRange(min=0),
    default=0,
    help="Gradient steps of 40 rows each; the pipeline's own 1,000 where this is 0.",
)
@click.option(
    "--beam-mode",
    type=click.Choice(["in_memory", "multi_threading", "multi_processing"]),
    help="Beam's direct_running_mode; the pipeline's own arguments where this is left out.",
)
def run(data: Path, output: Path, train_steps: int, beam_mode: str | None) -> None:
    """Run the pipeline."""
    output.mkdir(parents=True, exist_ok=True)
    run_pipeline(data, output, train_steps, beam_mode)


@main.command()
@click.option("--output", type=_EXISTING_FOLDER, required=True, help="As for `run`.")
@click.option(
    "--json",
    "json_path",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="File to write.",
)
def read(output: Path, json_path: Path) -> None:
    """Report what the newest run left."""
    json_path.write_text(json.dumps(read_results(output), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
