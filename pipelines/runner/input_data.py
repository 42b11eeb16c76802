"""Make sure that there is something to read before anything heavy starts."""

from __future__ import annotations

from pathlib import Path

from pipelines.config.pipeline_config import PipelineConfig
from pipelines.metadata.store_lock import check_store
from pipelines.records.errors import ConfigError
from pipelines.runner.sample_data import TASK, lay_out_taxi_data, list_spans

_CSV_PATTERN = "*.csv*"


def prepare_input(config: PipelineConfig) -> None:
    """Lay the default data out where it is asked for, and check that what a run needs is there.

    Raises:
        ConfigError: If the folder is missing, is not one, or holds no CSV file.
        StoreUnavailableError: If the metadata store is a database that can't be reached.
        DataLayoutError: If the sample data can't be found or written.
    """
    lay_out_default_data(config.input_directory)
    check_input(config)
    check_store(config.layout.metadata_store)


def lay_out_default_data(directory: Path) -> None:
    """Lay the default data out, if it is asked for.

    It lies below ``data/`` in the working folder, where the environments look for it.

    Args:
        directory: Folder that will be read; any other than the default data's is left alone.

    Raises:
        DataLayoutError: If the data cannot be found or written.
    """
    data_root = Path.cwd() / "data"
    if any(directory.is_relative_to(data_root / TASK / part) for part in ("full", "spans")):
        lay_out_taxi_data(data_root)


def check_input(config: PipelineConfig) -> None:
    """Check that the input folder holds CSV files.

    Raises:
        ConfigError: If it does not.
    """
    directory = config.input_directory
    option = "--data" if config.span is None else "--span"
    if not directory.is_dir():
        known = ""
        if config.span is not None and config.spans_directory.is_dir():
            dates = list_spans(config.spans_directory)
            known = f"; there are {len(dates)}, {dates[0]} to {dates[-1]}" if dates else ""
        raise ConfigError(f"{option}: got {directory}, which is not a folder{known}")
    if not any(directory.glob(_CSV_PATTERN)):
        raise ConfigError(f"{option}: got {directory}, expected at least one {_CSV_PATTERN} in it")
