"""Make sure that there is something to read before anything heavy starts."""

from __future__ import annotations

import datetime
from pathlib import Path

from components.spans import find_period_start, list_spans
from pipelines.config.pipeline_config import PipelineConfig
from pipelines.metadata.store_lock import check_store
from pipelines.records.errors import ConfigError
from pipelines.runner.sample_data import SPANS_FOLDER, WHOLE_FOLDER, lay_out_sample_data
from schemas.feature_table import list_tasks

_CSV_PATTERN = "*.csv*"


def prepare_input(config: PipelineConfig) -> None:
    """Lay the sample data out where it is asked for, and check that a run has what it needs.

    Raises:
        ConfigError: If the folder is missing, is not one, or holds no CSV file.
        StoreUnavailableError: If the metadata store is a database that can't be reached.
        DataLayoutError: If the sample data can't be found or written.
    """
    directory = config.input_directory
    lay_out_default_data(directory)
    option = "--data" if config.span is None else "--span"
    if not directory.is_dir():
        known = "" if config.span is None else _describe_spans(config, config.span)
        raise ConfigError(f"{option}: got {directory}, which is not a folder{known}")
    if not any(directory.glob(_CSV_PATTERN)):
        raise ConfigError(f"{option}: got {directory}, expected at least one {_CSV_PATTERN} in it")
    check_store(config.layout.metadata_store)


def lay_out_default_data(directory: Path) -> None:
    """Lay a task's sample data out where the folder to read is below ``data/<task>`` here.

    Raises:
        DataLayoutError: If the sample data can't be found or written.
    """
    data_root = Path.cwd() / "data"
    for task in list_tasks():
        folders = (data_root / task / name for name in (WHOLE_FOLDER, SPANS_FOLDER))
        if any(map(directory.is_relative_to, folders)):
            lay_out_sample_data(task, data_root)


def _describe_spans(config: PipelineConfig, asked: datetime.date) -> str:
    """Describe which spans there are, with the one that the day asked for is in."""
    days = list_spans(config.spans_directory)
    if not days:
        return ""
    time = datetime.datetime.combine(asked, datetime.time(), datetime.timezone.utc)
    start = find_period_start(time, config.data.span_period)
    hint = f"; did you mean {start}?" if start in days else ""
    return f"; there are {len(days)}, {days[0]} to {days[-1]}{hint}"
