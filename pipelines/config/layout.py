"""Where a pipeline keeps what its runs write, below its output root; plain Python."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from pipelines.config.store_address import PostgresqlAddress, SqliteAddress, StoreAddress
from pipelines.records.errors import UsageError

_RUN_ID_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:+-]{0,99}")


class RunIdError(UsageError, ValueError):
    """A run's name could leave the output root; one line says what is expected."""


@dataclasses.dataclass(frozen=True)
class OutputLayout:
    """The folders and files of an output root.

    Attributes:
        database: The metadata store where it is a database; None for a SQLite file in the root.
    """

    root: Path
    database: PostgresqlAddress | None = None

    @property
    def metadata_path(self) -> Path:
        """The metadata store where it is a SQLite file."""
        return self.root / "metadata.sqlite"

    @property
    def metadata_store(self) -> StoreAddress:
        """The metadata store."""
        return self.database or SqliteAddress(self.metadata_path)

    @property
    def has_metadata_store(self) -> bool:
        """Whether there is one: a file comes with the first node, a database stands before."""
        return self.database is not None or self.metadata_path.is_file()

    @property
    def pipeline_root(self) -> Path:
        """The artifacts, one folder per node, output and execution."""
        return self.root / "pipeline_root"

    @property
    def serving_root(self) -> Path:
        """The pushed models, one folder per version."""
        return self.root / "serving"

    @property
    def runs_directory(self) -> Path:
        """What each run leaves beside its artifacts."""
        return self.root / "runs"

    @property
    def reports_directory(self) -> Path:
        """The pages: ``index.html`` of all runs, and one folder per run."""
        return self.root / "reports"

    @property
    def reports_index_path(self) -> Path:
        """The page of all runs."""
        return self.reports_directory / "index.html"

    @property
    def drawings_path(self) -> Path:
        """The charts of the pages written last, for pages that show the same."""
        return self.reports_directory / ".drawings.json"

    def report_path(self, run_id: str) -> Path:
        """Get a run's page, its ``index.html``.

        Raises:
            RunIdError: If the name could leave the output root.
        """
        return self.reports_directory / self.run(run_id).directory.name / "index.html"

    def comparison_path(self, before: str, after: str) -> Path:
        """Get the page of two runs side by side, in the folder of the second's.

        Raises:
            RunIdError: If a name could leave the output root.
        """
        name = self.run(before).directory.name
        return self.report_path(after).with_name(f"compared-with-{name}.html")

    def run(self, run_id: str) -> RunLayout:
        """Get a run's files.

        Raises:
            RunIdError: If the name could leave the output root.
        """
        if not _RUN_ID_PATTERN.fullmatch(run_id):
            raise RunIdError(
                f"run id: got {run_id!r}, expected letters, digits and _ . : + - (100 at most)"
            )
        return RunLayout(self.runs_directory / run_id)


@dataclasses.dataclass(frozen=True)
class RunLayout:
    """The files of one run."""

    directory: Path

    @property
    def ir_path(self) -> Path:
        """The compiled pipeline."""
        return self.directory / "pipeline.json"

    @property
    def description_path(self) -> Path:
        """Nodes, edges and content hash of the compiled pipeline."""
        return self.directory / "description.json"

    @property
    def summary_path(self) -> Path:
        """The run summary."""
        return self.directory / "summary.json"

    @property
    def logs_directory(self) -> Path:
        """One log per node."""
        return self.directory / "logs"

    def lock_path(self, node_id: str) -> Path:
        """Get the file that a node holds locked while it runs."""
        return self.directory / "locks" / f"{node_id}.lock"

    def log_path(self, node_id: str) -> Path:
        """Get a node's log."""
        return self.logs_directory / f"{node_id}.log"
